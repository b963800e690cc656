/* SPDX-License-Identifier: Apache-2.0 */
/* Names the repositories in a shared directory that a sandbox has written. */
#include "run/nested.h"

#include "base/fds.h"
#include "base/log.h"
#include "base/path.h"
#include "base/strlist.h"
#include "changes/below.h"
#include "run/mount_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

/* Bounds for a directory that a payload has filled: entries, and bytes of the paths that wait. */
#define ENTRIES_MAX 2000000
#define WAITING_MAX (32U << 20)
/* More lines help nobody. */
#define TOLD_MAX 5

typedef struct Search {
        const Nested *nested;
        StrList waiting; /* directories below the top, a stack */
        size_t waiting_bytes;
        unsigned entries, told;
        bool incomplete;
} Search;

static void search_clear(Search *s)
{
        strlist_clear(&s->waiting);
}

/* Returns whether the path in the shared directory protects the settings of the repository at its top. */
static bool is_settings(const char *below)
{
        return str_eq(below, ".git") || str_eq(below, ".git/config");
}

int nested_prepare(Nested *n, const PlanRoot *root, Error *err)
{
        for (size_t i = 0; n->top < 0 && i < root->n_ops; i++) {
                const PlanOp *op = &root->ops[i], *shared = NULL;
                if (op->kind != OP_BIND || !(op->flags & OP_RDONLY))
                        continue;
                CLEANUP_FREE char *path = mount_watch_host_path(root, i, &shared);
                if (!path || (shared->flags & (OP_RDONLY | OP_KEPT_HOME)) ||
                    !is_settings(path + strlen(shared->source) + 1))
                        continue;
                n->top = open(shared->source, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (n->top < 0)
                        return error_set_errno(err, errno, "cannot open '%s'", shared->source);
                n->path = shared->source;
                /* Like the times of files, which may be those of the clock's last tick. */
                (void)clock_gettime(CLOCK_REALTIME_COARSE, &n->began);
        }
        return 0;
}

/* Returns whether the file has changed since the start. The payload cannot set a change time. A file system
 * without fractions of seconds cuts them off, VFAT also odd seconds. */
static bool is_new(const Search *s, int dir, const char *name)
{
        const struct timespec *began = &s->nested->began;
        struct stat st;
        if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno != ENOENT && errno != ENOTDIR;
        if (st.st_ctim.tv_nsec == 0)
                return st.st_ctim.tv_sec >= began->tv_sec - 1;
        return st.st_ctim.tv_sec > began->tv_sec ||
               (st.st_ctim.tv_sec == began->tv_sec && st.st_ctim.tv_nsec >= began->tv_nsec);
}

static void name_written(Search *s, const char *path, const char *name)
{
        if (++s->told <= TOLD_MAX)
                log_error("'%s/%s%s%s' belongs to a git repository and was written inside: git runs commands "
                          "from its config and hooks, also if you run git in '%s' (look at them first, or "
                          "remove it)",
                          s->nested->path, path, path[0] && name[0] ? "/" : "", name, s->nested->path);
}

/* Such as the data of a server. The user's git cannot read them, either, and only their owner can change
 * that. */
static bool is_of_another(int dir, const char *path)
{
        struct stat st;
        return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid != geteuid();
}

static DIR *open_list(Search *s, int dir, const char *path)
{
        int fd = FD_NONE;
        int r = below_open(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, &fd);
        DIR *d = r < 0 ? NULL : fdopendir(fd);
        if (!d)
                fd_close(fd);
        if (!d && r != -ENOENT && r != -ENOTDIR && !(r == -EACCES && is_of_another(dir, path)))
                s->incomplete = true;
        return d;
}

static bool counts(Search *s)
{
        s->incomplete = s->incomplete || s->entries >= ENTRIES_MAX;
        return s->entries++ < ENTRIES_MAX;
}

static bool has_new_hook(Search *s, int dir)
{
        DIR *d = open_list(s, dir, "hooks");
        bool found = false;
        if (!d)
                return false;
        for (struct dirent *e; !found && counts(s) && (e = readdir(d));)
                found = !str_eq(e->d_name, "..") && is_new(s, dirfd(d), e->d_name);
        (void)closedir(d);
        return found;
}

/* Looks at a directory that git could take for that of a repository. */
static void look_at_repository(Search *s, int fd, const char *path)
{
        static const char *const settings[] = {"config", "config.worktree", "commondir"};
        for (size_t i = 0; i < ARRAY_LEN(settings); i++)
                if (is_new(s, fd, settings[i])) {
                        name_written(s, path, settings[i]);
                        return;
                }
        if (is_new(s, fd, "hooks") || has_new_hook(s, fd))
                name_written(s, path, "hooks");
        /* It may have been moved here, or become a repository, with settings that are older. Nothing tells
         * that from a commit. */
        else if (path[0] && is_new(s, fd, "."))
                name_written(s, path, "");
}

static void add_waiting(Search *s, const char *path, const char *name)
{
        size_t len = strlen(path) + strlen(name) + 2;
        if (s->waiting_bytes + len > WAITING_MAX ||
            strlist_add_printf(&s->waiting, "%s%s%s", path, path[0] ? "/" : "", name) < 0)
                s->incomplete = true;
        else
                s->waiting_bytes += len;
}

static bool is_type(int fd, const struct dirent *e, unsigned char type)
{
        struct stat st;
        if (e->d_type != DT_UNKNOWN)
                return e->d_type == type;
        return fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && IFTODT(st.st_mode) == type;
}

/* The repository of the top: git makes no links in its directory, and appends to logs through one. */
static void look_at_own(Search *s, int fd, const char *path, const struct dirent *e)
{
        if (is_type(fd, e, DT_LNK) && is_new(s, fd, e->d_name) && ++s->told <= TOLD_MAX)
                log_error("'%s/%s/%s' is a symbolic link that was made inside: git reads and writes through "
                          "it (remove it before you run git in '%s')",
                          s->nested->path, path, e->d_name, s->nested->path);
}

static void look_at_directory(Search *s, const char *path)
{
        bool has_head = false, own = path_is_below(path, ".git");
        DIR *d = open_list(s, s->nested->top, path);
        if (!d)
                return;
        for (struct dirent *e; counts(s) && (e = readdir(d));) {
                const char *name = e->d_name;
                if (str_eq(name, ".") || str_eq(name, ".."))
                        continue;
                /* On some file systems, git finds them in any case. */
                has_head = has_head || strcasecmp(name, "HEAD") == 0;
                if (is_type(dirfd(d), e, DT_DIR))
                        add_waiting(s, path, name);
                else if (own)
                        look_at_own(s, dirfd(d), path, e);
                else if (path[0] && strcasecmp(name, ".git") == 0 && is_new(s, dirfd(d), name))
                        name_written(s, path, name);
        }
        if (has_head && !own)
                look_at_repository(s, dirfd(d), path);
        (void)closedir(d);
}

void nested_tell(const Nested *n)
{
        CLEANUP(search_clear) Search s = {.nested = n};
        if (n->top < 0)
                return;
        look_at_directory(&s, "");
        while (s.waiting.n > 0 && s.entries < ENTRIES_MAX) {
                CLEANUP_FREE char *path = s.waiting.items[--s.waiting.n];
                s.waiting.items[s.waiting.n] = NULL;
                s.waiting_bytes -= strlen(path) + 1;
                look_at_directory(&s, path);
        }
        if (s.told > TOLD_MAX)
                log_error("%u other repositories and links in '%s' were written inside", s.told - TOLD_MAX,
                          n->path);
        if (s.incomplete || s.waiting.n > 0)
                log_error("not all of '%s' could be searched for git repositories that the command has "
                          "written (run git there only after a look)",
                          n->path);
}

void nested_clear(Nested *n)
{
        n->top = fd_close(n->top);
}
