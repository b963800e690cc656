/* SPDX-License-Identifier: Apache-2.0 */
/* Recognizes the whiteouts, opaque marks and attributes of the overlay engines. */
#include "changes/marks.h"

#include "base/defence.h"
#include "base/fds.h"

#include <limits.h>
#include <stdio.h>
#include <sys/xattr.h>

#define WHITEOUT_PREFIX ".wh."

MarkKind mark_of_name(ChangesEngine engine, const char *name, const char **ret_name)
{
        if (engine != CHANGES_FUSE || !str_starts(name, WHITEOUT_PREFIX))
                return MARK_NONE;
        const char *rest = name + strlen(WHITEOUT_PREFIX);
        if (str_eq(name, MARKS_OPAQUE_FILE))
                return MARK_OPAQUE;
        /* A mark for the directory itself, or for the one above it. */
        bool forged = rest[0] == '\0' || str_eq(rest, ".") || str_eq(rest, "..") ||
                      str_starts(rest, WHITEOUT_PREFIX);
        if (forged && defence_is_on(DEFENCE_MARKS))
                return MARK_FORGED;
        *ret_name = rest;
        return MARK_WHITEOUT;
}

bool mark_is_written(const struct stat *st)
{
        return (S_ISREG(st->st_mode) && st->st_size == 0) || !defence_is_on(DEFENCE_MARKS);
}

bool mark_is_name(const char *name)
{
        return str_starts(name, WHITEOUT_PREFIX);
}

bool mark_is_whiteout(ChangesEngine engine, const struct stat *st)
{
        return engine != CHANGES_SCRATCH && S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

static bool is_engines(const char *name)
{
        return str_starts(name, "user.overlay.") || str_starts(name, "user.fuseoverlayfs.") ||
               str_starts(name, "trusted.overlay.");
}

static bool is_payloads(const char *name)
{
        return str_starts(name, "user.") || str_eq(name, "security.capability") ||
               str_starts(name, "system.posix_acl_");
}

/* "overlay.opaque" of the kernel, "fuseoverlayfs.opaque" of fuse-overlayfs, which writes and reads both. */
static void take_engines(ChangesEngine engine, const char *path, const char *name, Marks *marks)
{
        char value[16] = "";
        const char *word = strrchr(name, '.') + 1;
        bool kernel = str_starts(name, "user.overlay.") && !strchr(name + strlen("user.overlay."), '.');
        bool fuse = str_starts(name, "user.fuseoverlayfs.") && engine == CHANGES_FUSE;
        if (engine == CHANGES_SCRATCH || (!kernel && !fuse))
                return;
        if (str_eq(word, "opaque"))
                marks->opaque = marks->opaque ||
                                (lgetxattr(path, name, value, sizeof(value) - 1) == 1 && value[0] == 'y');
        else if (str_eq(word, "redirect") || str_eq(word, "metacopy") || str_eq(word, "whiteout"))
                marks->forged = defence_is_on(DEFENCE_MARKS);
}

static int add_xattr(const char *path, const char *name, char *out, size_t *len)
{
        size_t name_len = strlen(name) + 1;
        if (*len + name_len + sizeof(uint32_t) >= MARKS_XATTRS_MAX)
                return -E2BIG;
        size_t at = *len + name_len + sizeof(uint32_t);
        ssize_t n = lgetxattr(path, name, out + at, MARKS_XATTRS_MAX - at);
        if (n < 0)
                return errno == ENODATA ? 0 : errno == ERANGE ? -E2BIG : -errno;
        uint32_t size = (uint32_t)n;
        memcpy(out + *len, name, name_len);
        memcpy(out + *len + name_len, &size, sizeof(size));
        *len = at + size;
        return 0;
}

static int read_marks(ChangesEngine engine, const char *path, Marks *ret, char *out, size_t *ret_len)
{
        static char names[MARKS_XATTRS_MAX];
        size_t len = 0;
        *ret = (Marks){0};
        *ret_len = 0;
        ssize_t n = llistxattr(path, names, sizeof(names));
        if (n < 0)
                return errno == ENOTSUP ? 0 : errno == ERANGE ? -E2BIG : -errno;
        for (const char *p = names; p < names + n; p += strlen(p) + 1) {
                if (is_engines(p)) {
                        take_engines(engine, path, p, ret);
                        continue;
                }
                int r = is_payloads(p) ? add_xattr(path, p, out, &len) : 0;
                if (r < 0)
                        return r;
        }
        *ret_len = len;
        return 0;
}

int marks_read(ChangesEngine engine, int dirfd, const char *name, Marks *ret, char *out, size_t *ret_len)
{
        /*
         * listxattrat(2) is too new. The working directory is used because a path through /proc/self/fd takes
         * three times as long; the reader is a process of its own.
         */
        *ret = (Marks){0};
        *ret_len = 0;
        return fchdir(dirfd) < 0 ? -errno : read_marks(engine, name[0] ? name : ".", ret, out, ret_len);
}

int marks_read_fd(int fd, char *out, size_t *ret_len)
{
        char path[48];
        Marks marks;
        /* With the slash, the link in /proc is followed, and nothing but a directory accepted. */
        (void)snprintf(path, sizeof(path), "%s/", fd_path(fd).text);
        return read_marks(CHANGES_SCRATCH, path, &marks, out, ret_len);
}

bool change_next_xattr(const Change *c, size_t *at, const char **name, const char **value, size_t *len)
{
        if (*at >= c->xattrs_len)
                return false;
        const char *p = c->xattrs + *at;
        size_t left = c->xattrs_len - *at, n = strnlen(p, left);
        uint32_t size;
        if (n == left || left - n - 1 < sizeof(size))
                return false;
        memcpy(&size, p + n + 1, sizeof(size));
        if (left - n - 1 - sizeof(size) < size)
                return false;
        *name = p;
        *value = p + n + 1 + sizeof(size);
        *len = size;
        *at += n + 1 + sizeof(size) + size;
        return true;
}

static bool all_are_in(const Change *a, const Change *b)
{
        const char *name, *value, *other_name, *other;
        size_t len, other_len;
        for (size_t i = 0; change_next_xattr(a, &i, &name, &value, &len);) {
                bool found = false;
                for (size_t k = 0; !found && change_next_xattr(b, &k, &other_name, &other, &other_len);)
                        found = str_eq(name, other_name) && len == other_len &&
                                memcmp(value, other, len) == 0;
                if (!found)
                        return false;
        }
        return true;
}

bool marks_xattrs_equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
        /* Names are unique in each, so that comparing one way and the sizes is sufficient. */
        const Change left = {.xattrs = a, .xattrs_len = a_len}, right = {.xattrs = b, .xattrs_len = b_len};
        return a_len == b_len && all_are_in(&left, &right);
}

ChangeFile change_from_stat(const struct stat *st)
{
        return (ChangeFile){
                .dev = st->st_dev,
                .ino = st->st_ino,
                .size = (uint64_t)st->st_size,
                .mtime_sec = st->st_mtim.tv_sec,
                .mtime_nsec = (uint32_t)st->st_mtim.tv_nsec,
                .mode = st->st_mode,
                .uid = st->st_uid,
                .gid = st->st_gid,
                .nlink = (uint32_t)(st->st_nlink > UINT32_MAX ? UINT32_MAX : st->st_nlink),
        };
}
