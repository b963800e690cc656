/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers the directories to which sandboxes could write, and checks links in them. */
#include "state/written.h"

#include "base/defence.h"
#include "base/path.h"
#include "base/project.h"
#include "state/state.h"
#include "state/written_list.h"

#include <fcntl.h>
#include <sys/file.h>

/* Returns the directory of the host that receives the operation's writes, during the run or, if its changes
 * are @kept, at an apply; NULL: none. */
static const char *written_tree(const PlanOp *op, bool kept)
{
        FileId id = op->source_id;
        const char *path = fs_op_written(op, &id);
        /* Of a shown home, the user applies single files after a review. */
        if (!path && kept && op->flags & OP_WORK_DIR)
                path = op->source;
        return id.known && id.directory ? path : NULL;
}

/* Adds the plan's directories that @known lacks. */
static int new_trees(const Plan *plan, bool kept, WrittenList *known, bool *changed)
{
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                const PlanOp *op = &plan->root.ops[i];
                CLEANUP_FD int fd = FD_NONE;
                WrittenTree tree = {0};
                const char *path = written_tree(op, kept);
                if (!path)
                        continue;
                int r = lookup_open_plain(path, O_PATH | O_DIRECTORY, &fd);
                if (r == 0)
                        r = written_identify(fd, &tree);
                if (r < 0)
                        return r;
                if (written_list_has(known, &tree, path))
                        continue;
                *changed = true;
                if ((r = written_list_add(known, tree, path)) < 0)
                        return r;
        }
        return 0;
}

int written_remember(const Plan *plan, bool kept, Error *err)
{
        CLEANUP(written_list_clear) WrittenList known = {0};
        CLEANUP_FREE char *state = NULL;
        CLEANUP_FD int dir = FD_NONE;
        bool any = false, changed = false;
        for (size_t i = 0; i < plan->root.n_ops; i++)
                any = any || written_tree(&plan->root.ops[i], kept);
        if (!any || plan->storage.stateless)
                return 0;
        int r = run_state_path(NULL, &state, err);
        if (r == 0)
                r = run_dir_open_state(state, "XDG_STATE_HOME", &dir, err);
        if (r == 0 && flock(dir, LOCK_EX) < 0)
                r = error_set_errno(err, errno, "cannot lock '%s'", state);
        if (r == 0)
                r = written_list_read(dir, &known, err);
        if (r == 0 && (r = new_trees(plan, kept, &known, &changed)) < 0)
                (void)error_set_errno(err, r, "cannot examine the writable shares");
        if (r < 0 || !changed)
                return r;
        return written_list_write(dir, &known, err);
}

/* A directory and all directories that contain it, up to "/". */
typedef struct Around {
        WrittenList dirs; /* the innermost first */
        size_t ours;      /* the first of them to which a process of the user may write; SIZE_MAX: none */
} Around;

static void around_clear(Around *around)
{
        written_list_clear(&around->dirs);
}

/* Returns whether the payload could have created the file: it cannot give a file to root. */
static bool may_be_payloads(const struct stat *st)
{
        return st->st_uid != 0 || geteuid() == 0;
}

/* Returns whether the payload could have changed what a directory holds. If that cannot be determined, it
 * could. */
static bool may_be_written(int dir)
{
        struct stat st;
        return fstat(dir, &st) < 0 || may_be_payloads(&st) || faccessat(dir, ".", W_OK, AT_EACCESS) == 0 ||
               errno != EACCES;
}

static int list_around(int dir, Around *ret)
{
        WrittenList *list = &ret->dirs;
        CLEANUP_FD int at = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        ret->ours = SIZE_MAX;
        for (;;) {
                WrittenTree tree = {0};
                int r = at < 0 ? -errno : written_identify(at, &tree);
                if (r < 0)
                        return r;
                /* "/" is its own parent. */
                if (list->n > 0 && written_is_same(&tree, &list->items[list->n - 1]))
                        return 0;
                if (ret->ours == SIZE_MAX && may_be_written(at))
                        ret->ours = list->n;
                if ((r = written_list_add(list, tree, "")) < 0)
                        return r;
                int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
                (void)fd_close(at);
                at = up;
        }
}

static bool lies_in(const WrittenTree *tree, const Around *around, const char *path)
{
        for (size_t i = 0; i < around->dirs.n; i++)
                if (written_is_same(&around->dirs.items[i], tree))
                        return true;
        return path_is_below(path, tree->path);
}

/*
 * Returns whether a sandbox that could write to @tree could have created or replaced the file @st at @path:
 * the permissions of the system's directories hold in a share of "/", too.
 */
static bool could_replace(const WrittenTree *tree, const Around *around, const char *path,
                          const struct stat *st)
{
        size_t top = SIZE_MAX;
        for (size_t i = 0; i < around->dirs.n && top == SIZE_MAX; i++)
                if (written_is_same(&around->dirs.items[i], tree))
                        top = i;
        if (top == SIZE_MAX && !path_is_below(path, tree->path))
                return false;
        return may_be_payloads(st) || (around->ours != SIZE_MAX && around->ours <= top);
}

static int add_found(WrittenList *t, const Lookup *found)
{
        WrittenTree tree = {0};
        int r = written_identify(found->fd, &tree);
        return r < 0 ? r : written_list_add(t, tree, found->path);
}

/* Adds the project, unless it contains the home directory, where links are the user's own. */
static int add_project(WrittenList *t, const Host *host)
{
        CLEANUP(lookup_clear) Lookup top = LOOKUP_NONE;
        Project found;
        const Project *project = &host->around;
        const HostPath *cwd = host->cwd ? host_find_path(host, host->cwd) : NULL;
        if (!cwd)
                return 0;
        if (!host->has_around) {
                project_find(host->cwd, host->home, &found);
                project = &found;
        }
        if (project->holds_home)
                return 0;
        int r = add_found(t, &cwd->found);
        if (r == 0 && project->repository[0] && lookup_path(project->repository, &top) == 0)
                r = add_found(t, &top);
        return r;
}

/* @ret_n_project: the first of them are the project, whose links count, whoever owns them. */
static int collect(const Spec *spec, const Host *host, WrittenList *ret, size_t *ret_n_project, Error *err)
{
        int r = add_project(ret, host);
        *ret_n_project = ret->n;
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++) {
                const SpecOp *op = &spec->ops[i];
                const char *given = fs_op_written(op, NULL);
                const HostPath *p = given ? host_find_path(host, given) : NULL;
                if (p && S_ISDIR(p->found.st.st_mode))
                        r = add_found(ret, &p->found);
        }
        if (r < 0)
                return error_set_errno(err, r, "cannot examine the directories that sandboxes can write to");
        CLEANUP_FD int dir =
                host->state_home ? open(host->state_home, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : FD_NONE;
        return dir < 0 ? 0 : written_list_read(dir, ret, err);
}

/*
 * Refuses the link wherever it leads, also into the same tree: there it could lead to another file, which
 * would be shared or hidden instead, and could be replaced itself.
 */
static int check_link(const LookupLink *link, const HostPath *source, const WrittenList *written,
                      size_t n_project, const char *origin, Error *err)
{
        CLEANUP(around_clear) Around around = {0};
        CLEANUP_FREE char *where = NULL;
        struct stat st;
        int r = lookup_link_path(link, &where);
        if (r == 0)
                r = fstatat(link->dir, link->name, &st, AT_SYMLINK_NOFOLLOW) < 0
                            ? -errno
                            : list_around(link->dir, &around);
        if (r < 0)
                return error_set_errno(err, r, "%s: cannot look up '%s'", origin, source->path);
        for (size_t i = 0; i < written->n; i++) {
                const WrittenTree *tree = &written->items[i];
                if (i < n_project ? lies_in(tree, &around, where) : could_replace(tree, &around, where, &st))
                        return error_set(err, EPERM,
                                         "%s: '%s' is a symbolic link in '%s', where a sandbox can write, "
                                         "and leads to '%s' (to use the target, name it instead)",
                                         origin, where, tree->path, source->found.path);
        }
        return 0;
}

static int check_source(const char *path, const char *origin, const Host *host, const WrittenList *written,
                        size_t n_project, Error *err)
{
        const HostPath *source = host_find_path(host, path);
        for (size_t i = 0; source && i < source->found.n_links; i++) {
                int r = check_link(&source->found.links[i], source, written, n_project, origin, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

int written_check(const Spec *spec, const Host *host, Error *err)
{
        CLEANUP(written_list_clear) WrittenList written = {0};
        size_t links = 0, n_project = 0;
        for (size_t i = 0; i < host->n_paths; i++)
                links += host->paths[i].found.n_links;
        if (links == 0 || !defence_is_on(DEFENCE_SOURCE_LINKS))
                return 0;
        int r = collect(spec, host, &written, &n_project, err);
        if (r == 0 && spec->root == ROOT_DIR)
                r = check_source(spec->root_dir, "Root=", host, &written, n_project, err);
        if (r == 0 && spec->home == HOME_HOST && host->home)
                r = check_source(host->home, "Home=host", host, &written, n_project, err);
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++) {
                const SpecOp *op = &spec->ops[i];
                for (size_t k = 0; r == 0 && fs_op_path(op, k); k++)
                        r = check_source(fs_op_path(op, k), op->origin, host, &written, n_project, err);
                if (r == 0 && op->kind == OP_MASK)
                        r = check_source(op->dest, op->origin, host, &written, n_project, err);
        }
        return r;
}

int written_check_program(const char *path, Error *err)
{
        CLEANUP(written_list_clear) WrittenList written = {0};
        CLEANUP(around_clear) Around around = {0};
        CLEANUP(lookup_clear) Lookup found = LOOKUP_NONE;
        CLEANUP_FREE char *state = NULL;
        Error none = {0};
        if (!defence_is_on(DEFENCE_HELPER))
                return 0;
        /* Without a state directory there is no list, which written_remember() reports. */
        CLEANUP_FD int dir = run_state_path(NULL, &state, &none) == 0
                                     ? open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                     : FD_NONE;
        int r = dir < 0 ? 0 : written_list_read(dir, &written, err);
        if (r < 0 || written.n == 0)
                return r;
        r = lookup_path(path, &found);
        if (r == 0)
                r = list_around(found.dir, &around);
        if (r < 0)
                return error_set_errno(err, r, "%s", path);
        for (size_t i = 0; i < written.n; i++)
                if (could_replace(&written.items[i], &around, found.path, &found.st))
                        return error_set(
                                err, EPERM,
                                "%s is not started: it lies in '%s', where a sandbox could write (install "
                                "kurung, or build it elsewhere)",
                                found.path, written.items[i].path);
        return 0;
}
