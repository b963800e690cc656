/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the changes of a run that are lost with its directory, before the directory is removed. */
#include "state/dropped.h"

#include "base/path.h"
#include "changes/below.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

/* Maximum entries and depth: a payload may leave any number of files, and the user waits for the prompt. */
#define VISITED_MAX 8000
#define DEPTH_MAX 32

#define WHITEOUT_PREFIX ".wh."

typedef struct Level {
        DIR *dir;
        int lower; /* the same directory in the lower, O_PATH; FD_NONE: none */
        size_t path_len;
        bool empty; /* so far */
        bool leads; /* a mount point of another mount is below it */
        bool same;  /* its own attributes are the same as in the lower */
} Level;

typedef struct Count {
        const Plan *plan;
        size_t op;    /* index of the layer's operation */
        bool all;     /* include caches */
        bool is_home; /* its caches are known by name */
        bool is_system;
        size_t visited;
        unsigned n;
        bool more;
        Level levels[DEPTH_MAX];
        size_t depth;
        char path[PATH_MAX]; /* path of the current entry in the sandbox */
} Count;

static const char *const home_caches[] = {
        ".cache",          ".npm",     ".bash_history", ".zsh_history",       ".ash_history",
        ".python_history", ".lesshst", ".viminfo",      ".node_repl_history", ".wget-hsts"};

/* Returns whether another mount is at @path; @ret_leads: whether one is below it. kurung created their mount
 * points. */
static bool is_covered(const Count *c, bool *ret_leads)
{
        const Plan *plan = c->plan;
        *ret_leads = false;
        for (size_t i = c->op + 1; i < plan->root.n_ops; i++) {
                const char *dest = plan->root.ops[i].dest;
                /* A pin shows the files under it. */
                if (plan->root.ops[i].kind == OP_PIN)
                        continue;
                if (str_eq(dest, c->path))
                        return true;
                *ret_leads = *ret_leads || path_is_below(dest, c->path);
        }
        return false;
}

static bool is_cache(const Count *c, const char *name)
{
        if (c->all)
                return false;
        if (c->is_system)
                return str_eq(name, "__pycache__") || str_eq(c->path, "/var/cache") ||
                       str_eq(c->path, "/etc/ld.so.cache");
        for (size_t i = 0; c->is_home && c->depth == 1 && i < ARRAY_LEN(home_caches); i++)
                if (str_eq(name, home_caches[i]))
                        return true;
        return false;
}

static void count_one(Count *c)
{
        c->n++;
        c->levels[c->depth - 1].empty = false;
}

/* Returns whether the entry is the same as in the lower: it was copied up without a change. */
static bool is_as_below(int lower, const char *name, const struct stat *st)
{
        struct stat below;
        if (lower < 0 || fstatat(lower, name, &below, AT_SYMLINK_NOFOLLOW) < 0)
                return false;
        if (below.st_mode != st->st_mode)
                return false;
        return S_ISDIR(st->st_mode) ||
               (below.st_size == st->st_size && below.st_mtim.tv_sec == st->st_mtim.tv_sec &&
                below.st_mtim.tv_nsec == st->st_mtim.tv_nsec);
}

/* Takes ownership of both descriptors. */
static void push(Count *c, int upper, int lower, bool leads, bool same)
{
        DIR *dir = fdopendir(upper);
        if (!dir) {
                fd_close(upper);
                fd_close(lower);
                c->more = true;
                return;
        }
        c->levels[c->depth++] = (Level){.dir = dir,
                                        .lower = lower,
                                        .path_len = strlen(c->path),
                                        .empty = true,
                                        .leads = leads,
                                        .same = same};
}

static void pop(Count *c)
{
        Level *l = &c->levels[--c->depth];
        (void)closedir(l->dir);
        l->lower = fd_close(l->lower);
        if (c->depth == 0)
                return;
        if (!l->empty)
                c->levels[c->depth - 1].empty = false;
        else if (!l->leads && !l->same)
                count_one(c); /* an empty new directory, or one with a changed mode */
}

static void enter_directory(Count *c, const char *name, const struct stat *st, bool leads)
{
        const Level *above = &c->levels[c->depth - 1];
        bool same = is_as_below(above->lower, name, st);
        int lower = FD_NONE;
        int upper = c->depth == DEPTH_MAX
                            ? FD_NONE
                            : openat(dirfd(above->dir), name,
                                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (upper < 0) {
                c->more = c->more || c->depth == DEPTH_MAX;
                count_one(c);
                return;
        }
        if (above->lower >= 0)
                (void)below_open(above->lower, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, &lower);
        push(c, upper, lower, leads, same);
}

/* Handles a mark of fuse-overlayfs; a deletion counts if the lower has the entry. */
static bool take_mark(Count *c, const char *name)
{
        struct stat st;
        int lower = c->levels[c->depth - 1].lower;
        if (c->plan->root.ops[c->op].kind != OP_FUSE || !str_starts(name, WHITEOUT_PREFIX))
                return false;
        const char *deleted = name + strlen(WHITEOUT_PREFIX);
        if (lower >= 0 && fstatat(lower, deleted, &st, AT_SYMLINK_NOFOLLOW) == 0)
                count_one(c);
        return true;
}

static void visit(Count *c, const char *name)
{
        const Level *l = &c->levels[c->depth - 1];
        struct stat st;
        bool leads = false;
        int n = snprintf(c->path + l->path_len, sizeof(c->path) - l->path_len, "%s%s",
                         l->path_len > 1 ? "/" : "", name);
        if (n < 0 || (size_t)n >= sizeof(c->path) - l->path_len) {
                c->more = true;
                count_one(c);
        } else if (!take_mark(c, name) && !is_covered(c, &leads) && !is_cache(c, name)) {
                if (fstatat(dirfd(l->dir), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        count_one(c);
                else if (S_ISDIR(st.st_mode))
                        enter_directory(c, name, &st, leads);
                else if (!is_as_below(l->lower, name, &st))
                        count_one(c);
        }
}

static void count_tree(Count *c)
{
        while (c->depth > 0) {
                Level *l = &c->levels[c->depth - 1];
                c->path[l->path_len] = '\0';
                struct dirent *e = readdir(l->dir);
                if (!e) {
                        pop(c);
                } else if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, "..")) {
                        if (++c->visited > VISITED_MAX || c->n > DROPPED_MAX) {
                                c->more = true;
                                break;
                        }
                        visit(c, e->d_name);
                }
        }
        while (c->depth > 0) {
                Level *l = &c->levels[--c->depth];
                (void)closedir(l->dir);
                fd_close(l->lower);
        }
}

static void count_layer(Count *c, int run_fd)
{
        const PlanOp *op = &c->plan->root.ops[c->op];
        char name[PLAN_LAYER_PATH_MAX];
        (void)plan_layer_path(op->kind == OP_FUSE, op->layer, "upper", name);
        int upper = openat(run_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        c->n = 0;
        c->visited = 0;
        if (upper < 0) {
                /* Another error: the payload made it inaccessible, so its content is unknown. ENOENT: the run
                 * ended earlier. */
                c->n = errno != ENOENT;
                return;
        }
        /* Of an image, the topmost layer: what is below it counts as a change. */
        const char *below = op->source ? op->source : op->n_lowers > 0 ? op->lowers[0].path : NULL;
        int lower = below ? open(below, O_PATH | O_DIRECTORY | O_CLOEXEC) : FD_NONE;
        int n = snprintf(c->path, sizeof(c->path), "%s", op->dest);
        c->depth = 0;
        if (n > 0 && (size_t)n < sizeof(c->path)) {
                push(c, upper, lower, true, true);
                count_tree(c);
        } else {
                fd_close(upper);
                fd_close(lower);
        }
}

void dropped_count(const Plan *plan, int run_fd, RunDropped *ret)
{
        Count c = {.plan = plan};
        *ret = (RunDropped){0};
        for (c.op = 0; c.op < plan->root.n_ops; c.op++) {
                const PlanOp *op = &plan->root.ops[c.op];
                bool is_project = op->flags & OP_WORK_DIR;
                c.is_system = !is_project && (str_eq(op->dest, "/") || (op->flags & OP_ROOT_OWNED));
                c.is_home = !is_project && !c.is_system;
                if (!fs_op_is_kept(op) || (c.is_system && plan->identity.uid != 0))
                        continue;
                count_layer(&c, run_fd);
                *(is_project ? &ret->project : c.is_home ? &ret->home : &ret->system) += c.n;
        }
        ret->more = c.more;
}

bool dropped_any(const Plan *plan, int run_fd)
{
        Count c = {.plan = plan, .all = true};
        for (c.op = 0; c.op < plan->root.n_ops; c.op++) {
                if (!fs_op_is_kept(&plan->root.ops[c.op]))
                        continue;
                count_layer(&c, run_fd);
                if (c.n > 0 || c.more)
                        return true;
        }
        return false;
}
