/* SPDX-License-Identifier: Apache-2.0 */
/* Ends the sandbox if a path is created that must not be. */
#include "run/guard.h"

#include "base/fds.h"
#include "base/log.h"
#include "run/mount_watch.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>

/* Attempts to find a free name. */
#define NAMES_MAX 1000

static int created(const GuardPath *p, Error *err)
{
        /* A share of the directory would not lift what is forbidden in it. */
        if (p->is_above)
                return error_set(err, EPERM,
                                 "the sandbox was killed: '%s' was created, which %s forbids (to allow it, "
                                 "create this directory before the start)",
                                 p->path, p->origin);
        return error_set(err, EPERM,
                         "the sandbox was killed: '%s' was created, which %s forbids (to allow it, use "
                         "--read-write=-%s)",
                         p->path, p->origin, p->path);
}

static bool exists(const GuardPath *p)
{
        struct stat st;
        return fstatat(p->dir, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* Watches @dir for a missing @name. @path: of the name. @is_above: see GuardPath. Takes the descriptor @dir.
 */
static int add_guard(Guard *g, int dir, const char *name, const char *path, bool is_above, const char *origin,
                     Error *err)
{
        CLEANUP_FD int owned = dir;
        if (g->fd < 0 && (g->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) < 0)
                return error_set_errno(err, errno, "cannot guard '%s' (fs.inotify.max_user_instances)", path);
        int watch = inotify_add_watch(g->fd, fd_path(dir).text, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
        if (watch < 0)
                return error_set_errno(err, errno, "cannot guard '%s' (fs.inotify.max_user_watches)", path);
        for (size_t i = 0; i < g->n; i++)
                if (g->items[i].watch == watch && str_eq(g->items[i].name, name))
                        return 0;
        GuardPath new = {.watch = watch,
                         .name = strdup(name),
                         .path = strdup(path),
                         .is_above = is_above,
                         .origin = origin};
        if (!new.name || !new.path || ARRAY_GROW(g->items, g->n, g->room, 8) < 0) {
                free(new.name);
                free(new.path);
                return error_no_memory(err);
        }
        new.dir = TAKE_FD(owned);
        g->items[g->n++] = new;
        /* It may have been created since it was looked up. */
        return exists(&g->items[g->n - 1])
                       ? error_set(err, EBUSY,
                                   "%s: '%s' was created while the sandbox started (run the command again)",
                                   origin, path)
                       : 0;
}

/* Walks from the shared directory, the first @shared bytes of @path, to the first name that is missing. */
static int guard_path(Guard *g, const char *path, size_t shared, const char *origin, Error *err)
{
        CLEANUP_FREE char *way = strndup(path, shared);
        CLEANUP_FD int dir = way ? open(way, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : FD_NONE;
        if (!way)
                return error_no_memory(err);
        for (const char *at = path + shared; dir >= 0 && *at;) {
                at += strspn(at, "/");
                size_t len = strcspn(at, "/");
                CLEANUP_FREE char *name = strndup(at, len);
                CLEANUP_FREE char *here = strndup(path, (size_t)(at + len - path));
                struct stat st;
                if (!name || !here)
                        return error_no_memory(err);
                if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        return errno == ENOENT
                                       ? add_guard(g, TAKE_FD(dir), name, here, at[len] != '\0', origin, err)
                                       : error_set_errno(err, errno, "%s: cannot guard '%s'", origin, here);
                if (S_ISLNK(st.st_mode))
                        return error_set(
                                err, EPERM,
                                "%s: '%s' is a symbolic link, which the command could replace (replace it by "
                                "its target, or share the target)",
                                origin, here);
                /* A file on the way is read-only (plan_requests.c). */
                if (!S_ISDIR(st.st_mode))
                        return 0;
                int next = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                (void)fd_close(dir);
                dir = next;
                at += len;
        }
        /* The whole path exists now. */
        return error_set(err, EBUSY, "%s: '%s' was created while the sandbox started (run the command again)",
                         origin, path);
}

int guard_prepare(Guard *g, const PlanRoot *root, Error *err)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < root->n_ops; i++) {
                const PlanOp *op = &root->ops[i], *shared = NULL;
                if (!plan_is_guard(op))
                        continue;
                CLEANUP_FREE char *path = mount_watch_host_path(root, i, &shared);
                if (!path || (shared->flags & (OP_RDONLY | OP_KEPT_HOME)) || !str_eq(path, op->source))
                        continue;
                r = guard_path(g, path, strlen(shared->source), op->origin, err);
        }
        return r;
}

static int look_at(const Guard *g, const struct inotify_event *e, Error *err)
{
        for (size_t i = 0; i < g->n; i++) {
                const GuardPath *p = &g->items[i];
                if (e->mask & IN_Q_OVERFLOW ? exists(p)
                                            : e->wd == p->watch && e->len > 0 && str_eq(e->name, p->name))
                        return created(p, err);
                if (e->wd == p->watch && (e->mask & (IN_IGNORED | IN_UNMOUNT)))
                        return error_set(err, ESTALE,
                                         "the sandbox was killed: the directory of '%s' was removed, and %s "
                                         "guards the "
                                         "path no more",
                                         p->path, p->origin);
        }
        return 0;
}

int guard_look(Guard *g, Error *err)
{
        _Alignas(struct inotify_event) char buffer[4096];
        ssize_t n = read(g->fd, buffer, sizeof(buffer));
        int r = 0;
        if (n < 0)
                return errno == EAGAIN ? 0 : error_set_errno(err, errno, "cannot watch the guarded paths");
        for (char *p = buffer; r == 0 && p < buffer + n;) {
                const struct inotify_event *e = (const struct inotify_event *)(const void *)p;
                p += sizeof(*e) + e->len;
                r = look_at(g, e, err);
        }
        return r;
}

/* Renames what is at a guarded path, so that no program finds it there. */
static void set_aside(const GuardPath *p)
{
        char name[NAME_MAX + 1];
        int r = -EEXIST;
        for (unsigned i = 1; r == -EEXIST && i <= NAMES_MAX; i++) {
                int n = snprintf(name, sizeof(name), "%s.kurung-%u", p->name, i);
                r = n >= (int)sizeof(name)                                            ? -ENAMETOOLONG
                    : renameat2(p->dir, p->name, p->dir, name, RENAME_NOREPLACE) == 0 ? 0
                                                                                      : -errno;
        }
        if (r < 0)
                log_error("'%s' was created inside and cannot be renamed: %s (remove it)", p->path,
                          strerror(-r));
        else
                log_notice("'%s' was renamed to '%s'", p->path, name);
}

/* The kernel takes some 15 ms to close an inotify instance, like that of mount_watch_end(). */
void guard_stop(Guard *g)
{
        fds_abandon(&g->fd, 1);
        g->fd = FD_NONE;
}

int guard_end(Guard *g, Error *err)
{
        int r = 0;
        guard_stop(g);
        for (size_t i = 0; i < g->n; i++) {
                GuardPath *p = &g->items[i];
                if (exists(p)) {
                        r = r == 0 ? created(p, err) : r;
                        set_aside(p);
                }
                fd_close(p->dir);
                free(p->name);
                free(p->path);
        }
        free(g->items);
        *g = GUARD_NONE;
        return r;
}
