/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the list of trusted project profiles. */
#include "front/trust.h"

#include "base/defence.h"
#include "base/io.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define TRUST_FILE "trusted"
#define TRUST_SIZE_MAX (16 << 20)
#define HASH_LEN (SHA256_HEX_ROOM - 1)

static void entry_clear(TrustEntry *e)
{
        free(e->path);
        strlist_clear(&e->hosts);
        *e = (TrustEntry){0};
}

void trust_clear(TrustList *list)
{
        for (size_t i = 0; i < list->n; i++)
                entry_clear(&list->items[i]);
        free(list->items);
        *list = (TrustList){0};
}

static TrustEntry *find(const TrustList *list, const char *path)
{
        for (size_t i = 0; i < list->n; i++)
                if (str_eq(list->items[i].path, path))
                        return &list->items[i];
        return NULL;
}

const TrustEntry *trust_find(const TrustList *list, const char *path)
{
        return find(list, path);
}

static int add_entry(TrustList *list, const char *hash, const char *path)
{
        TrustEntry *items = reallocarray(list->items, list->n + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        list->items = items;
        TrustEntry *e = &items[list->n];
        *e = (TrustEntry){.path = strdup(path)};
        if (!e->path)
                return -ENOMEM;
        memcpy(e->hash, hash, HASH_LEN);
        list->n++;
        return 0;
}

static int take_line(TrustList *list, const char *line)
{
        if (line[0] == '+')
                return list->n > 0 ? strlist_add(&list->items[list->n - 1].hosts, line + 1) : -EINVAL;
        if (strspn(line, "0123456789abcdef") != HASH_LEN || line[HASH_LEN] != ' ' ||
            line[HASH_LEN + 1] != '/')
                return -EINVAL;
        return add_entry(list, line, line + HASH_LEN + 1);
}

static int parse_list(char *text, size_t len, TrustList *list)
{
        int r = 0;
        if (strlen(text) != len || (len > 0 && text[len - 1] != '\n'))
                return -EINVAL;
        for (char *line = text, *end; r == 0 && (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                r = take_line(list, line);
        }
        return r;
}

/* Only what nobody else could have written counts. */
static bool is_ours(const struct stat *st, mode_t type)
{
        return (st->st_mode & S_IFMT) == type && st->st_uid == geteuid() && !(st->st_mode & 022);
}

/* The text of the list; NULL when there is none. */
static int read_list(int dir, char **ret, size_t *ret_len)
{
        struct stat st, above;
        CLEANUP_FD int fd = openat(dir, TRUST_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        if (fstat(dir, &above) < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!is_ours(&above, S_IFDIR) || !is_ours(&st, S_IFREG))
                return -EPERM;
        return io_read_to_end(fd, TRUST_SIZE_MAX, -1, ret, ret_len);
}

int trust_read(const char *state, const Project *project, TrustList *ret, Error *err)
{
        CLEANUP(trust_clear) TrustList list = {0};
        CLEANUP_FREE char *text = NULL;
        size_t len = 0;
        CLEANUP_FD int dir = state ? open(state, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : FD_NONE;
        if (!state || (dir < 0 && errno == ENOENT))
                return 0;
        if (dir < 0)
                return error_set_errno(err, errno, "opening %s", state);
        if (project && project_has(project, dir))
                return error_set(
                        err, EPERM,
                        "%s, where trust in profiles is kept, lies in the project: set XDG_STATE_HOME to "
                        "another place",
                        state);
        int r = read_list(dir, &text, &len);
        if (r == -EPERM)
                return error_set(err, EPERM,
                                 "%s/" TRUST_FILE
                                 " or its directory belongs to somebody else or is writable by "
                                 "others: look at it, and remove it",
                                 state);
        if (r == 0 && text)
                r = parse_list(text, len, &list);
        if (r == -EINVAL)
                return error_set(err, EINVAL, "%s/" TRUST_FILE " is malformed: remove it", state);
        if (r < 0)
                return error_set_errno(err, r, "reading %s/" TRUST_FILE, state);
        *ret = list;
        list = (TrustList){0};
        return 0;
}

int trust_check(const TrustList *list, const char *path, const char *text, size_t len, TrustState *ret,
                StrList *ret_hosts, Error *err)
{
        char hash[SHA256_HEX_ROOM];
        const TrustEntry *e = trust_find(list, path);
        *ret = TRUST_NONE;
        if (!e)
                return 0;
        int r = sha256_hex(text, len, hash, err);
        if (r < 0)
                return r;
        *ret = str_eq(hash, e->hash) || !defence_is_on(DEFENCE_TRUST) ? TRUST_GIVEN : TRUST_CHANGED;
        for (size_t i = 0; *ret == TRUST_GIVEN && ret_hosts && i < e->hosts.n; i++)
                if (strlist_add(ret_hosts, e->hosts.items[i]) < 0)
                        return error_no_memory(err);
        return 0;
}

int trust_set(TrustList *list, const char *path, const char *hash, const StrList *hosts, Error *err)
{
        TrustEntry *old = find(list, path);
        if (strchr(path, '\n'))
                return error_set(err, EINVAL, "%s: a path with a newline can't be trusted", path);
        if (!hash && !old)
                return error_set(err, ENOENT, "%s is not trusted; \"kurung profile trust\" lists what is",
                                 path);
        if (old) {
                entry_clear(old);
                *old = list->items[--list->n];
        }
        if (!hash)
                return 0;
        if (add_entry(list, hash, path) < 0)
                return error_no_memory(err);
        for (size_t i = 0; hosts && i < hosts->n; i++)
                if (strlist_add(&list->items[list->n - 1].hosts, hosts->items[i]) < 0)
                        return error_no_memory(err);
        return 0;
}

static char *print(const TrustList *list, size_t *ret_len)
{
        char *text = NULL;
        FILE *f = open_memstream(&text, ret_len);
        if (!f)
                return NULL;
        for (size_t i = 0; i < list->n; i++) {
                (void)fprintf(f, "%s %s\n", list->items[i].hash, list->items[i].path);
                for (size_t k = 0; k < list->items[i].hosts.n; k++)
                        (void)fprintf(f, "+%s\n", list->items[i].hosts.items[k]);
        }
        if (fclose(f) == 0)
                return text;
        free(text);
        return NULL;
}

int trust_write(int state_fd, const TrustList *list, Error *err)
{
        static const char fresh[] = TRUST_FILE ".new";
        size_t len;
        CLEANUP_FREE char *text = print(list, &len);
        if (!text)
                return error_no_memory(err);
        if (unlinkat(state_fd, fresh, 0) < 0 && errno != ENOENT)
                return error_set_errno(err, errno, "removing %s", fresh);
        CLEANUP_FD int fd =
                openat(state_fd, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        int r = fd < 0 ? -errno : io_write_all(fd, text, len);
        if (r == 0 && (fdatasync(fd) < 0 || renameat(state_fd, fresh, state_fd, TRUST_FILE) < 0))
                r = -errno;
        return r < 0 ? error_set_errno(err, r, "writing the list of trusted profiles") : 0;
}
