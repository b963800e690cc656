/* SPDX-License-Identifier: Apache-2.0 */
/* Plans the user's requests: the home, the working directory, shares, and hidden paths. */
#include "base/defence.h"
#include "base/path.h"
#include "plan/plan_internal.h"

static int add_home(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        if (spec->home == HOME_PERSIST) {
                CLEANUP_FREE char *source = path_join(plan->storage.homes_dir, plan->storage.home_name);
                return source ? plan_add(plan, OP_BIND, source, host->home, OP_NO_FOLLOW | OP_KEPT_HOME, err)
                              : error_no_memory(err);
        }
        if (spec->home == HOME_PRIVATE) {
                if (host->cache_home)
                        return plan_add_layer(plan, OP_SCRATCH, NULL, host->home, OP_NO_FOLLOW, err);
                return plan_add_mode(plan, OP_TMPFS, host->home, 0700, OP_NO_FOLLOW, err);
        }
        const char *source = plan_real_path(host, host->home);
        int r = plan_add_caught(plan, host, source, host->home, err);
        if (r == 1) {
                if (plan_notice(plan, "the home directory is read-only inside: %s", plan_fuse_missing(host)) <
                    0)
                        return error_no_memory(err);
                r = plan_add(plan, OP_BIND, source, host->home, OP_RDONLY | OP_RECURSIVE | OP_NO_FOLLOW, err);
        }
        return r < 0 ? r : plan_hide_own(plan, host, host->home, host->home, false, err);
}

/* Another process creates the groups while the root is built, so this is the last of kurung's own mounts. */
static int add_cgroup(Plan *plan, Error *err)
{
        if (plan->resources.cgroup == CGROUP_NONE)
                return 0;
        return plan_add(plan, OP_CGROUP, NULL, "/sys/fs/cgroup",
                        OP_NO_FOLLOW | (plan->resources.cgroup_writable ? 0 : OP_RDONLY), err);
}

/* A path that the user requests to show or to hide. */
typedef struct Request {
        const char *dest;
        const char *file;       /* shown read-only at dest in place of the request's source; NULL: none */
        const SpecOp *op;       /* NULL: the home, or a place */
        const PlanPlace *place; /* the working directory or its project; NULL: neither */
        bool has_more_inside;   /* it is hidden, but a path in it is shown */
        bool tells_missing;     /* it is hidden, and the user should know if nothing is there */
        bool is_sorted;         /* it is in Requests.order */
        size_t next;            /* another request for the same path; SIZE_MAX: none */
} Request;

typedef struct Requests {
        Request *items;
        size_t n, room;
        PathMap by_dest; /* the first request for a path */
        size_t *order;   /* of mounting */
        size_t n_order;
        PlanHides hides; /* what the requests that hide borrow */
} Requests;

static void requests_clear(Requests *l)
{
        free(l->items);
        free(l->order);
        path_map_clear(&l->by_dest);
        plan_hides_clear(&l->hides);
}

static bool hides(const Request *r)
{
        return r->op && r->op->kind == OP_MASK;
}

/* Returns whether a share of a place itself agrees with an explicit WorkDir= or Project=. */
static bool agrees_with_place(const PlanPlace *place, const SpecOp *op)
{
        if (!place->asked || op->kind == OP_MASK)
                return true;
        return op->kind == OP_BIND && str_eq(op->source, op->dest) &&
               place->mode == (op->flags & OP_RDONLY ? WORK_DIR_RO : WORK_DIR_RW);
}

/* Returns whether the request makes a file of the host read-only where it is. */
static bool is_read_only(const Request *r)
{
        return r->op && r->op->kind == OP_BIND && r->op->source_kind == FS_SOURCE_PATH &&
               (r->op->flags & OP_RDONLY) && str_eq(r->file ? r->file : r->op->source, r->dest);
}

/* Returns whether @new, for the same path as @old, adds nothing to it. */
static bool adds_nothing(const Request *old, const Request *new)
{
        bool was_optional = (old->op->flags & OP_OPTIONAL) && !old->file;
        bool is_optional = (new->op->flags &OP_OPTIONAL) && !new->file;
        return old->op == new->op || (!old->file && !new->file &&fs_op_same(old->op, new->op)) ||
               (is_read_only(old) && is_read_only(new) && (!was_optional || is_optional));
}

/* Compares two requests for one path. Returns 1: the new one adds nothing, or has replaced the old one; 0:
 * add it; -EINVAL with @err. */
static int compare_requests(Request *old, const Request *new, Error *err)
{
        if (old->place && new->op && !agrees_with_place(old->place, new->op))
                return error_set(err, EINVAL, "%s and %s= conflict for '%s': keep one of them",
                                 fs_op_origin(new->op), old->place->key, new->dest);
        if (!old->op || !new->op)
                return 0;
        if (adds_nothing(old, new))
                return 1;
        if (hides(old) || hides(new) || (is_read_only(old) && is_read_only(new)))
                return 0;
        /* What may be missing is a default of a profile, which a later share replaces. */
        if (old->op->kind == OP_BIND && (old->op->flags & OP_OPTIONAL)) {
                old->op = new->op;
                old->file = new->file;
                return 1;
        }
        return error_set(err, EINVAL, "%s and %s conflict for '%s': keep one of them", fs_op_origin(old->op),
                         fs_op_origin(new->op), new->dest);
}

/* Returns the first request for the first @len bytes of a path; SIZE_MAX: none. */
static size_t first_at(const Requests *l, const char *path, size_t len)
{
        size_t first = SIZE_MAX;
        (void)path_map_get_part(&l->by_dest, path, len, &first);
        return first;
}

static int add_request(Requests *l, Request new, Error *err)
{
        size_t first = first_at(l, new.dest, strlen(new.dest)), last = SIZE_MAX;
        for (size_t i = first; i < l->n; i = l->items[i].next) {
                int r = compare_requests(&l->items[i], &new, err);
                if (r != 0)
                        return r < 0 ? r : 0;
                last = i;
        }
        new.next = SIZE_MAX;
        if (ARRAY_GROW(l->items, l->n, l->room, 8) < 0 ||
            (last == SIZE_MAX && path_map_set(&l->by_dest, new.dest, l->n) < 0))
                return error_no_memory(err);
        if (last != SIZE_MAX)
                l->items[last].next = l->n;
        l->items[l->n++] = new;
        return 0;
}

/* Of one path, a hide takes precedence over a share, and a share over the home or the working directory. */
static void sort_path(Requests *l, const char *path, size_t len)
{
        size_t first = first_at(l, path, len);
        if (first == SIZE_MAX || l->items[first].is_sorted)
                return;
        for (int hiding = 0; hiding < 2; hiding++)
                for (size_t i = first; i < l->n; i = l->items[i].next)
                        if (hides(&l->items[i]) == (hiding == 1)) {
                                l->items[i].is_sorted = true;
                                l->order[l->n_order++] = i;
                        }
}

/*
 * Sorts the requests for mounting. The more specific path is mounted later, and so takes precedence over a
 * path that contains it; otherwise the requests keep their order.
 */
static int sort_requests(Requests *l, Error *err)
{
        if (!(l->order = calloc(l->n + 1, sizeof(*l->order))))
                return error_no_memory(err);
        for (size_t i = 0; i < l->n; i++) {
                const char *dest = l->items[i].dest;
                for (const char *p = dest; (p = strchr(p + 1, '/'));)
                        sort_path(l, dest, (size_t)(p - dest));
                sort_path(l, dest, strlen(dest));
        }
        return 0;
}

/* Marks the hidden directories that hold @dest, which is shown. */
static void mark_around(Requests *l, const char *dest)
{
        for (size_t len = path_up(dest, strlen(dest)); len > 0; len = path_up(dest, len))
                for (size_t i = first_at(l, dest, len); i < l->n; i = l->items[i].next)
                        l->items[i].has_more_inside = hides(&l->items[i]);
}

/* Returns whether @op shares a path that may be missing, and is. */
static bool is_missing(const Host *host, const SpecOp *op)
{
        return op->kind == OP_BIND && (op->flags & OP_OPTIONAL) && op->source_kind == FS_SOURCE_PATH &&
               !host_find_path(host, op->source);
}

/*
 * Returns the file that stands in the way of an optional share which makes a path read-only where it is: the
 * path appears if a directory replaces the file, such as the ".git" of a worktree. So the file becomes
 * read-only. NULL: there is none.
 */
static const char *file_on_the_way(const Host *host, const SpecOp *op)
{
        const HostPath *found = NULL;
        CLEANUP_FREE char *path = NULL;
        if (!is_missing(host, op) || !(op->flags & OP_RDONLY) || !str_eq(op->source, op->dest))
                return NULL;
        for (size_t len = path_up(op->source, strlen(op->source)); len > 0 && !found;
             len = path_up(op->source, len)) {
                free(path);
                path = strndup(op->source, len);
                found = path ? host_find_path(host, path) : NULL;
        }
        /* A link could be replaced; run/guard.c refuses it. */
        return found && found->found.n_links == 0 && !S_ISDIR(found->found.st.st_mode) ? found->path : NULL;
}

static int collect(Requests *l, Plan *plan, const Spec *spec, const Host *host, const PlanPlaces *places,
                   Error *err)
{
        int r = 0;
        bool shows_work_dir = false;
        for (size_t i = 0; i < places->n; i++)
                shows_work_dir =
                        shows_work_dir || (host->cwd && path_is_below(host->cwd, places->items[i].path));
        if (host->home && !str_eq(host->home, "/"))
                r = add_request(l, (Request){.dest = host->home}, err);
        for (size_t i = 0; r == 0 && i < places->n; i++)
                r = add_request(l, (Request){.dest = places->items[i].path, .place = &places->items[i]}, err);
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++) {
                const SpecOp *op = &spec->ops[i];
                const char *file = file_on_the_way(host, op);
                bool skipped = (op->flags & OP_OPTIONAL) && (op->flags & OP_HERE) && !shows_work_dir;
                if (!skipped && op->kind != OP_SHOW && op->kind != OP_MASK)
                        r = add_request(l, (Request){.dest = file ? file : op->dest, .file = file, .op = op},
                                        err);
        }
        if (r == 0)
                r = plan_find_hides(plan, spec, host, &l->hides, err);
        for (size_t i = 0; r == 0 && i < l->hides.n; i++) {
                const PlanHide *hide = &l->hides.items[i];
                r = add_request(
                        l,
                        (Request){.dest = hide->dest, .op = hide->op, .tells_missing = hide->tells_missing},
                        err);
        }
        for (size_t i = 0; r == 0 && i < l->n; i++)
                if (!hides(&l->items[i]))
                        mark_around(l, l->items[i].dest);
        return r < 0 ? r : sort_requests(l, err);
}

/* Adds an empty directory for the paths that are shown in it; it becomes read-only once they exist. */
static int add_hidden_around(Plan *plan, const char *dest, Error *err)
{
        int r = plan_add_mode(plan, OP_TMPFS, dest, 0755, 0, err);
        if (r == 0)
                plan->root.ops[plan->root.n_ops - 1].size = 1 << 20;
        return r;
}

/* The consequence of a writable home for later runs is easily taken for a fault of theirs. */
static int tell_writable_home(Plan *plan, const Host *host, const SpecOp *op, Error *err)
{
        const char *written = fs_op_written(op, NULL);
        if (!written || !host->home ||
            !path_is_below(plan_real_path(host, host->home), plan_real_path(host, written)))
                return 0;
        int r = plan_notice_once(plan,
                                 "%s: this sandbox can write to your home directory, so later runs follow no "
                                 "symbolic links of yours in '%s' (PATHS in kurung-profile(5))",
                                 fs_op_origin(op), written);
        return r < 0 ? error_no_memory(err) : 0;
}

static int take_file(PlanOp *op, const Host *host, const char *file)
{
        op->flags &= ~(unsigned)OP_OPTIONAL;
        free(op->source);
        op->source = strdup(plan_real_path(host, file));
        return op->source ? 0 : -ENOMEM;
}

/* Returns whether a share that may be missing has no effect, because it is. In a directory that is shared
 * writable it has one: run/guard.c keeps the path from being created. */
static bool is_without_effect(const Plan *plan, const Host *host, const Request *request)
{
        const PlanOp *above = NULL;
        if (!is_missing(host, request->op) || request->file)
                return false;
        if (!(request->op->flags & OP_RDONLY))
                return true;
        for (size_t i = 0; i < plan->root.n_ops; i++)
                if (fs_op_is(&plan->root.ops[i], OP_IS_PLACED) &&
                    path_is_below(request->dest, plan->root.ops[i].dest))
                        above = &plan->root.ops[i];
        return !above || !fs_op_writes_host(above) || (above->flags & OP_KEPT_HOME);
}

static int add_op(Plan *plan, const Host *host, const Request *request, Error *err)
{
        const SpecOp *op = request->op;
        bool writable = fs_op_writes_host(op);
        int r = plan_check_kernel(plan, host, op, err);
        for (size_t i = 0; r == 0 && fs_op_path(op, i); i++)
                r = plan_check_own(plan, host, fs_op_path(op, i), writable, fs_op_origin(op), err);
        if (r < 0)
                return r;
        if (is_without_effect(plan, host, request))
                return 0;
        /* Operations that create or change files could do so in a directory of the host. */
        if (!fs_op_is(op, OP_IS_PLACED) || op->source_kind == FS_SOURCE_DESCRIPTOR)
                return error_set(err, EINVAL, "%s: the operation \"%s\" needs a list whose order is given",
                                 fs_op_origin(op), op_kinds[op->kind].name);
        if (str_eq(request->dest, "/"))
                return error_set(err, EINVAL, "%s: cannot mount on /; use Root= to choose the root",
                                 fs_op_origin(op));
        if (request->has_more_inside)
                return add_hidden_around(plan, request->dest, err);
        PlanOp *made = plan_take_op(plan, host, op, request->dest);
        if (!made || (request->file && take_file(made, host, request->file) < 0))
                return error_no_memory(err);
        /* A profile hides paths that may not exist; an option for this run should hide an existing one. */
        if (request->tells_missing)
                made->flags |= OP_TELL_MISSING;
        for (size_t i = 0; r == 0 && fs_op_path(op, i); i++)
                r = plan_hide_own(plan, host, fs_op_path(op, i), op->dest, writable, err);
        return r < 0 ? r : tell_writable_home(plan, host, op, err);
}

int plan_add_requests(Plan *plan, const Spec *spec, const Host *host, const PlanPlaces *places, Error *err)
{
        CLEANUP(requests_clear) Requests l = {0};
        bool cgroup_added = false;
        int r = collect(&l, plan, spec, host, places, err);
        for (size_t i = 0; r == 0 && i < l.n_order; i++) {
                const Request *request = &l.items[l.order[i]];
                if (request->op && !cgroup_added) {
                        cgroup_added = true;
                        r = add_cgroup(plan, err);
                }
                if (r == 0)
                        r = request->op      ? add_op(plan, host, request, err)
                            : request->place ? plan_add_place(plan, host, request->place, err)
                                             : add_home(plan, spec, host, err);
        }
        if (r == 0 && !cgroup_added)
                r = add_cgroup(plan, err);
        for (size_t i = 0; r == 0 && i < l.n_order; i++)
                if (l.items[l.order[i]].has_more_inside)
                        r = plan_add(plan, OP_REMOUNT, NULL, l.items[l.order[i]].dest, OP_RDONLY, err);
        return r;
}
