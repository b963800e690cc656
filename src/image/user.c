/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the ids of a user in the files of an image. */
#include "image/resolve.h"

#include "base/fds.h"
#include "base/io.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

/* Maximum size of /etc/passwd and /etc/group in an image. */
#define ACCOUNTS_MAX (4 << 20)

static int open_in(int layer, const char *path, uint64_t flags)
{
        const struct open_how how = {.flags = flags | O_CLOEXEC | O_NOFOLLOW,
                                     .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
        int fd = (int)syscall(SYS_openat2, layer, path, &how, sizeof(how));
        return fd < 0 ? -errno : fd;
}

/* Returns whether the layer hides the files of the layers below in /etc. */
static bool hides_below(int layer)
{
        char value[4];
        struct stat st;
        CLEANUP_FD int etc = open_in(layer, "etc", O_RDONLY | O_DIRECTORY);
        CLEANUP_FD int any = open_in(layer, "etc", O_PATH);
        if (etc >= 0)
                return fgetxattr(etc, "user.overlay.opaque", value, sizeof(value)) > 0;
        return any >= 0 && fstat(any, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* Reads a file of the topmost layer that has it. Links and marks of deletions count as a missing file. */
static int read_accounts(const int *layers, size_t n, const char *path, char **ret)
{
        for (size_t i = 0; i < n; i++) {
                struct stat st;
                CLEANUP_FD int file = open_in(layers[i], path, O_PATH);
                if (file >= 0 && fstat(file, &st) == 0 && S_ISREG(st.st_mode)) {
                        CLEANUP_FD int fd = io_reopen(file, O_RDONLY);
                        return fd < 0 ? fd : io_read_to_end(fd, ACCOUNTS_MAX, -1, ret, NULL);
                }
                if (file >= 0 || hides_below(layers[i]))
                        return -ENOENT;
        }
        return -ENOENT;
}

/* Parses a number without a sign; returns false if @text is none. */
static bool read_number(const char *text, size_t len, uint32_t *ret)
{
        uint64_t n = 0;
        if (len == 0 || len > 10 || strspn(text, "0123456789") < len)
                return false;
        for (size_t i = 0; i < len; i++)
                n = 10 * n + (uint64_t)(text[i] - '0');
        if (n >= UINT32_MAX)
                return false;
        *ret = (uint32_t)n;
        return true;
}

/* Returns the beginning of field @i of a line, from 0, and its length. */
static const char *field(const char *line, unsigned i, size_t *ret_len)
{
        for (; i > 0; i--) {
                line += strcspn(line, ":\n");
                if (*line != ':')
                        return NULL;
                line++;
        }
        *ret_len = strcspn(line, ":\n");
        return line;
}

/* Finds the line with @name in its first field, or with @id in its third. */
static const char *find_line(const char *text, const char *name, size_t name_len, bool is_id, uint32_t id)
{
        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                size_t len = 0;
                uint32_t theirs;
                const char *first = field(line, 0, &len);
                if (!is_id && first && len == name_len && strncmp(first, name, len) == 0)
                        return line;
                const char *third = field(line, 2, &len);
                if (is_id && third && read_number(third, len, &theirs) && theirs == id)
                        return line;
        }
        return NULL;
}

static int number_in(const char *line, unsigned i, uint32_t *ret)
{
        size_t len = 0;
        const char *text = line ? field(line, i, &len) : NULL;
        return text && read_number(text, len, ret) ? 0 : -ENOENT;
}

int image_find_user(const int *layers, size_t n, const char *user, uid_t *ret_uid, gid_t *ret_gid, Error *err)
{
        CLEANUP_FREE char *passwd = NULL, *group = NULL;
        size_t len = strcspn(user, ":");
        const char *group_name = user[len] == ':' ? user + len + 1 : "";
        uint32_t uid = 0, gid = 0;
        bool is_id = read_number(user, len, &uid), is_gid = read_number(group_name, strlen(group_name), &gid);
        int r = 0;
        if (!is_id || group_name[0] == '\0')
                r = read_accounts(layers, n, "etc/passwd", &passwd);
        if (r < 0 && (r != -ENOENT || !is_id))
                return error_set_errno(err, r, "cannot find the user '%.100s' of the image: its /etc/passwd",
                                       user);
        const char *line = passwd ? find_line(passwd, user, len, is_id, uid) : NULL;
        if (!is_id && number_in(line, 2, &uid) < 0)
                return error_set(err, ENOENT,
                                 "the image has no user '%.100s' in its /etc/passwd (use --run-as)", user);
        if (group_name[0] == '\0') {
                if (number_in(line, 3, &gid) < 0)
                        gid = 0;
        } else if (!is_gid) {
                r = read_accounts(layers, n, "etc/group", &group);
                line = r == 0 ? find_line(group, group_name, strlen(group_name), false, 0) : NULL;
                if (number_in(line, 2, &gid) < 0)
                        return error_set(err, ENOENT,
                                         "the image has no group '%.100s' in its /etc/group (use --run-as)",
                                         group_name);
        }
        *ret_uid = uid;
        *ret_gid = gid;
        return 0;
}
