/* SPDX-License-Identifier: Apache-2.0 */
/* Which directories sandboxes could write in, remembered over runs, and the check of links in them. */
#include "state/written.h"

#include "base/defence.h"
#include "base/io.h"
#include "base/path.h"
#include "front/inside.h"
#include "state/state.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>

#define WRITTEN_FILE "written"
#define WRITTEN_SIZE_MAX (16 << 20)
/* From so many on those that are gone are dropped, and the oldest beyond the limit. */
#define TREES_TIDY 1024
#define TREES_MAX 4096

/* A directory, recognized by its inode where it was moved, and by its path where it was made anew. */
typedef struct Tree {
        uint64_t dev, ino;
        int64_t born; /* nanoseconds of the epoch; 0: the file system does not say */
        char *path;
} Tree;

typedef struct Trees {
        Tree *items;
        size_t n;
} Trees;

static void trees_clear(Trees *t)
{
        for (size_t i = 0; i < t->n; i++)
                free(t->items[i].path);
        free(t->items);
        *t = (Trees){0};
}

static int add_tree(Trees *t, Tree tree, const char *path)
{
        Tree *items = reallocarray(t->items, t->n + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        t->items = items;
        if (!(tree.path = strdup(path)))
                return -ENOMEM;
        items[t->n++] = tree;
        return 0;
}

/* What an open directory is, but for its path. */
static int identify(int fd, Tree *ret)
{
        struct stat st = {0};
        struct statx stx;
        if (fstat(fd, &st) < 0)
                return -errno;
        *ret = (Tree){.dev = st.st_dev, .ino = st.st_ino};
        if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) == 0 && (stx.stx_mask & STATX_BTIME))
                ret->born = stx.stx_btime.tv_sec * 1000000000 + stx.stx_btime.tv_nsec;
        return 0;
}

static bool is_same_tree(const Tree *a, const Tree *b)
{
        return a->dev == b->dev && a->ino == b->ino && a->born == b->born;
}

static bool has_tree(const Trees *t, const Tree *tree, const char *path)
{
        for (size_t i = 0; i < t->n; i++)
                if (is_same_tree(&t->items[i], tree) && str_eq(t->items[i].path, path))
                        return true;
        return false;
}

/* "DEV INO BORN PATH", each ended by a NUL, as a path may hold anything else. */
static int parse_trees(const char *text, size_t len, Trees *ret)
{
        const char *end = text + len;
        if (len > 0 && end[-1] != '\0')
                return -EINVAL;
        for (const char *at = text; at < end; at += strlen(at) + 1) {
                Tree tree = {0};
                int used = 0;
                if (sscanf(at, "%" SCNu64 " %" SCNu64 " %" SCNd64 " %n", &tree.dev, &tree.ino, &tree.born,
                           &used) != 3 ||
                    used == 0 || at[used] != '/')
                        return -EINVAL;
                int r = add_tree(ret, tree, at + used);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_trees(int dir, Trees *ret, Error *err)
{
        CLEANUP_FREE char *text = NULL;
        struct stat st = {0};
        size_t len = 0;
        CLEANUP_FD int fd = openat(dir, WRITTEN_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return 0;
        int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;
        if (r == 0 && (!S_ISREG(st.st_mode) || st.st_uid != geteuid()))
                r = -EPERM;
        if (r == 0)
                r = io_read_to_end(fd, WRITTEN_SIZE_MAX, -1, &text, &len);
        if (r == 0)
                r = parse_trees(text, len, ret);
        if (r == -EINVAL)
                return error_set(err, EINVAL,
                                 "the list of directories that sandboxes wrote in (" WRITTEN_FILE
                                 " in kurung's state directory) is malformed: remove it");
        return r < 0 ? error_set_errno(err, r, "reading " WRITTEN_FILE " in kurung's state directory") : 0;
}

static bool is_gone(const Tree *tree)
{
        CLEANUP_FD int fd = FD_NONE;
        Tree now = {0};
        int r = lookup_open_plain(tree->path, O_PATH | O_DIRECTORY, &fd);
        return r == -ENOENT || r == -ENOTDIR || r == -ELOOP ||
               (r == 0 && identify(fd, &now) == 0 && !is_same_tree(&now, tree));
}

static void drop(Trees *t, size_t i)
{
        free(t->items[i].path);
        memmove(&t->items[i], &t->items[i + 1], (--t->n - i) * sizeof(*t->items));
}

static void tidy(Trees *t)
{
        if (t->n < TREES_TIDY)
                return;
        for (size_t i = t->n; i > 0; i--)
                if (is_gone(&t->items[i - 1]))
                        drop(t, i - 1);
        while (t->n > TREES_MAX)
                drop(t, 0);
}

static int write_trees(int dir, const Trees *t, Error *err)
{
        static const char fresh[] = WRITTEN_FILE ".new";
        CLEANUP_FREE char *text = NULL;
        size_t len;
        FILE *f = open_memstream(&text, &len);
        if (!f)
                return error_no_memory(err);
        for (size_t i = 0; i < t->n; i++)
                (void)fprintf(f, "%" PRIu64 " %" PRIu64 " %" PRId64 " %s%c", t->items[i].dev, t->items[i].ino,
                              t->items[i].born, t->items[i].path, '\0');
        if (fclose(f) != 0)
                return error_no_memory(err);
        int r = unlinkat(dir, fresh, 0) < 0 && errno != ENOENT ? -errno : 0;
        CLEANUP_FD int fd =
                r < 0 ? FD_NONE
                      : openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (r == 0)
                r = fd < 0 ? -errno : io_write_all(fd, text, len);
        if (r == 0 && renameat(dir, fresh, dir, WRITTEN_FILE) < 0)
                r = -errno;
        return r < 0 ? error_set_errno(err, r, "writing " WRITTEN_FILE " in kurung's state directory") : 0;
}

/* The directory of the host that what is written there reaches: at once, or when the user applies it; NULL:
 * none. */
static const char *written_tree(const Plan *plan, const PlanOp *op)
{
        FileId id = op->source_id;
        const char *path = fs_op_written(op, &id);
        /* Of a home that is shown the user takes over single files that he has seen. */
        if (!path && plan->storage.keep && op->flags & OP_WORK_DIR)
                path = op->source;
        return id.known && id.directory ? path : NULL;
}

/* Those of the plan that @known lacks. */
static int new_trees(const Plan *plan, Trees *known, bool *changed)
{
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                const PlanOp *op = &plan->root.ops[i];
                CLEANUP_FD int fd = FD_NONE;
                Tree tree = {0};
                const char *path = written_tree(plan, op);
                if (!path)
                        continue;
                int r = lookup_open_plain(path, O_PATH | O_DIRECTORY, &fd);
                if (r == 0)
                        r = identify(fd, &tree);
                if (r < 0)
                        return r;
                if (has_tree(known, &tree, path))
                        continue;
                *changed = true;
                if ((r = add_tree(known, tree, path)) < 0)
                        return r;
        }
        return 0;
}

int written_remember(const Plan *plan, Error *err)
{
        CLEANUP(trees_clear) Trees known = {0};
        CLEANUP_FREE char *state = NULL;
        CLEANUP_FD int dir = FD_NONE;
        bool any = false, changed = false;
        for (size_t i = 0; i < plan->root.n_ops; i++)
                any = any || written_tree(plan, &plan->root.ops[i]);
        if (!any)
                return 0;
        int r = run_state_path(NULL, &state, err);
        if (r == 0)
                r = run_dir_open_state(state, "XDG_STATE_HOME", &dir, err);
        if (r == 0 && flock(dir, LOCK_EX) < 0)
                r = error_set_errno(err, errno, "locking %s", state);
        if (r == 0)
                r = read_trees(dir, &known, err);
        if (r == 0 && (r = new_trees(plan, &known, &changed)) < 0)
                (void)error_set_errno(err, r, "looking at what is shared for writing");
        if (r < 0 || !changed)
                return r;
        tidy(&known);
        return write_trees(dir, &known, err);
}

/* A directory with all that hold it, from itself up to "/". */
static int list_ancestors(int dir, Trees *ret)
{
        CLEANUP_FD int at = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        for (;;) {
                Tree tree = {0};
                int r = at < 0 ? -errno : identify(at, &tree);
                if (r < 0)
                        return r;
                /* "/" is its own parent. */
                if (ret->n > 0 && is_same_tree(&tree, &ret->items[ret->n - 1]))
                        return 0;
                if ((r = add_tree(ret, tree, "")) < 0)
                        return r;
                int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
                (void)fd_close(at);
                at = up;
        }
}

static bool lies_in(const Tree *tree, const Trees *ancestors, const char *path)
{
        for (size_t i = 0; i < ancestors->n; i++)
                if (is_same_tree(&ancestors->items[i], tree))
                        return true;
        return path_is_below(path, tree->path);
}

static int add_found(Trees *t, const Lookup *found)
{
        Tree tree = {0};
        int r = identify(found->fd, &tree);
        return r < 0 ? r : add_tree(t, tree, found->path);
}

/* The project, unless that is the home directory: there links are the user's own. */
static int add_project(Trees *t, const Host *host)
{
        CLEANUP(lookup_clear) Lookup top = LOOKUP_NONE;
        Project project;
        const HostPath *cwd = host->cwd ? host_find_path(host, host->cwd) : NULL;
        if (!cwd)
                return 0;
        project_find(host->cwd, host->home, &project);
        if (project.holds_home)
                return 0;
        int r = add_found(t, &cwd->found);
        if (r == 0 && project.repository[0] && lookup_path(project.repository, &top) == 0)
                r = add_found(t, &top);
        return r;
}

static int collect(const Spec *spec, const Host *host, Trees *ret, Error *err)
{
        int r = add_project(ret, host);
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++) {
                const SpecOp *op = &spec->ops[i];
                const char *written = fs_op_written(op, NULL);
                const HostPath *p = written ? host_find_path(host, written) : NULL;
                if (p && S_ISDIR(p->found.st.st_mode))
                        r = add_found(ret, &p->found);
        }
        if (r < 0)
                return error_set_errno(err, r, "looking at what sandboxes can write");
        CLEANUP_FD int dir =
                host->state_home ? open(host->state_home, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : FD_NONE;
        return dir < 0 ? 0 : read_trees(dir, ret, err);
}

/*
 * Wherever it leads: also to something else in the same tree, which would be shared, or hidden, in place of
 * what is named, and itself be exchanged.
 */
static int check_link(const LookupLink *link, const HostPath *source, const Trees *written,
                      const char *origin, Error *err)
{
        CLEANUP(trees_clear) Trees around = {0};
        CLEANUP_FREE char *where = NULL;
        int r = lookup_link_path(link, &where);
        if (r == 0)
                r = list_ancestors(link->dir, &around);
        if (r < 0)
                return error_set_errno(err, r, "%s: %s", origin, source->path);
        for (size_t i = 0; i < written->n; i++) {
                const Tree *tree = &written->items[i];
                if (lies_in(tree, &around, where))
                        return error_set(
                                err, EPERM,
                                "%s: %s is a symbolic link in %s, where a sandbox can write, and leads "
                                "to %s (if you mean that, name it instead)",
                                origin, where, tree->path, source->found.path);
        }
        return 0;
}

static int check_source(const char *path, const char *origin, const Host *host, const Trees *written,
                        Error *err)
{
        const HostPath *source = host_find_path(host, path);
        for (size_t i = 0; source && i < source->found.n_links; i++) {
                int r = check_link(&source->found.links[i], source, written, origin, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

int written_check(const Spec *spec, const Host *host, Error *err)
{
        CLEANUP(trees_clear) Trees written = {0};
        size_t links = 0;
        for (size_t i = 0; i < host->n_paths; i++)
                links += host->paths[i].found.n_links;
        if (links == 0 || !defence_is_on(DEFENCE_SOURCE_LINKS))
                return 0;
        int r = collect(spec, host, &written, err);
        if (r == 0 && spec->root == ROOT_DIR)
                r = check_source(spec->root_dir, "Root=", host, &written, err);
        if (r == 0 && spec->home == HOME_HOST && host->home)
                r = check_source(host->home, "Home=host", host, &written, err);
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++) {
                const SpecOp *op = &spec->ops[i];
                const char *path = op->source ? op->source : op->kind == OP_MASK ? op->dest : NULL;
                if (path)
                        r = check_source(path, op->origin, host, &written, err);
        }
        return r;
}

int written_check_program(const char *path, Error *err)
{
        CLEANUP(trees_clear) Trees written = {0}, around = {0};
        CLEANUP(lookup_clear) Lookup found = LOOKUP_NONE;
        CLEANUP_FREE char *state = NULL;
        Error none = {0};
        if (!defence_is_on(DEFENCE_HELPER))
                return 0;
        /* Without a state directory nothing was remembered, which written_remember() says. */
        CLEANUP_FD int dir = run_state_path(NULL, &state, &none) == 0
                                     ? open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                     : FD_NONE;
        int r = dir < 0 ? 0 : read_trees(dir, &written, err);
        if (r < 0 || written.n == 0)
                return r;
        r = lookup_path(path, &found);
        if (r == 0)
                r = list_ancestors(found.dir, &around);
        if (r < 0)
                return error_set_errno(err, r, "%s", path);
        for (size_t i = 0; i < written.n; i++)
                if (lies_in(&written.items[i], &around, found.path))
                        return error_set(
                                err, EPERM,
                                "%s is not started: it lies in %s, where a sandbox could write (install "
                                "kurung, or build it elsewhere)",
                                found.path, written.items[i].path);
        return 0;
}
