/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the places at which the sandbox would show files that Hide= hides. */
#include "base/path.h"
#include "plan/plan_internal.h"

#define NONE SIZE_MAX /* the end of a chain */

/* A Hide= that no Show= undoes. */
typedef struct Hidden {
        const SpecOp *op;
        const char *real;  /* its path without links */
        bool exists;       /* on the host */
        bool is_elsewhere; /* a share shows the file at another path */
        size_t next;       /* another one with the same real path */
} Hidden;

/* A part of the host that the sandbox shows. */
typedef struct Shown {
        const char *named; /* the path that the user named */
        const char *real;
        const char *dest;
        const char *origin;
        size_t next;
} Shown;

typedef struct Finder {
        Hidden *hidden;
        size_t n_hidden, hidden_room;
        PathMap hidden_by_real; /* the first of a chain */
        Shown *shown;
        size_t n_shown, shown_room;
        PathMap shown_by_real;
        PlanHides *found;
        Error *err;
} Finder;

static void finder_clear(Finder *f)
{
        free(f->hidden);
        free(f->shown);
        path_map_clear(&f->hidden_by_real);
        path_map_clear(&f->shown_by_real);
}

void plan_hides_clear(PlanHides *hides)
{
        for (size_t i = 0; i < hides->n; i++)
                free(hides->items[i].dest);
        free(hides->items);
        *hides = (PlanHides){0};
}

/* Returns the first of a chain; NONE: there is none. */
static size_t chain_at(const PathMap *map, const char *path, size_t len)
{
        size_t first = NONE;
        (void)path_map_get_part(map, path, len, &first);
        return first;
}

static int add_shown(Finder *f, const Host *host, const char *named, const char *dest, const char *origin)
{
        if (ARRAY_GROW(f->shown, f->n_shown, f->shown_room, 8) < 0)
                return error_no_memory(f->err);
        const char *real = plan_real_path(host, named);
        f->shown[f->n_shown] =
                (Shown){named, real, dest, origin, chain_at(&f->shown_by_real, real, strlen(real))};
        return path_map_set(&f->shown_by_real, real, f->n_shown++) < 0 ? error_no_memory(f->err) : 0;
}

static int list_shown(Finder *f, const Spec *spec, const Host *host)
{
        int r = 0;
        if (spec->home == HOME_HOST && host->home)
                r = add_shown(f, host, host->home, host->home, "Home=host");
        if (r == 0 && spec->root == ROOT_DIR)
                r = add_shown(f, host, spec->root_dir, "/", "Root=");
        if (r == 0 && spec->work_dir != WORK_DIR_HIDDEN && host->cwd)
                r = add_shown(f, host, host->cwd, host->cwd, "WorkDir=");
        /* The path is that of the kernel; the user went there by a name. */
        if (r == 0 && spec->work_dir != WORK_DIR_HIDDEN && host->cwd && host->cwd_named)
                f->shown[f->n_shown - 1].named = host->cwd_named;
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++)
                for (size_t k = 0; r == 0 && fs_op_path(&spec->ops[i], k); k++)
                        r = add_shown(f, host, fs_op_path(&spec->ops[i], k), spec->ops[i].dest,
                                      fs_op_origin(&spec->ops[i]));
        return r;
}

/* Returns the Show= for a hidden path or a path that contains it, which undoes the hide; NONE: there is none.
 */
static size_t shown_by(const PathMap *shows, const char *dest)
{
        size_t first = NONE, at;
        for (size_t len = strlen(dest); len > 0; len = path_up(dest, len))
                if (path_map_get_part(shows, dest, len, &at) && at < first)
                        first = at;
        return first;
}

static int add_hidden(Finder *f, const Host *host, const SpecOp *op)
{
        const HostPath *known = host_find_path(host, op->dest);
        const char *real = known ? known->found.path : op->dest;
        if (ARRAY_GROW(f->hidden, f->n_hidden, f->hidden_room, 8) < 0)
                return error_no_memory(f->err);
        f->hidden[f->n_hidden] = (Hidden){.op = op,
                                          .real = real,
                                          .exists = known != NULL,
                                          .is_elsewhere = !str_eq(real, op->dest),
                                          .next = chain_at(&f->hidden_by_real, real, strlen(real))};
        return path_map_set(&f->hidden_by_real, real, f->n_hidden++) < 0 ? error_no_memory(f->err) : 0;
}

/* Lists each Hide=, with a notice in place of one that Show= undoes, and one for a Show= without effect. */
static int list_hidden(Finder *f, Plan *plan, const Spec *spec, const Host *host)
{
        CLEANUP_PATH_MAP PathMap shows = {0};
        CLEANUP_FREE bool *used = calloc(spec->n_ops + 1, sizeof(*used));
        int r = used ? 0 : -ENOMEM;
        for (size_t i = spec->n_ops; r == 0 && i > 0; i--)
                if (spec->ops[i - 1].kind == OP_SHOW)
                        r = path_map_set(&shows, spec->ops[i - 1].dest, i - 1);
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++) {
                const SpecOp *op = &spec->ops[i];
                if (op->kind != OP_MASK)
                        continue;
                size_t show = shown_by(&shows, op->dest);
                if (show == NONE && add_hidden(f, host, op) < 0)
                        return -ENOMEM;
                if (show == NONE)
                        continue;
                used[show] = true;
                r = plan_notice(plan, "%s: shows '%s', which %s hides", fs_op_origin(&spec->ops[show]),
                                op->dest, fs_op_origin(op));
        }
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++)
                if (spec->ops[i].kind == OP_SHOW && !used[i])
                        r = plan_notice(plan, "%s: no Hide= hides '%s'", fs_op_origin(&spec->ops[i]),
                                        spec->ops[i].dest);
        return r < 0 ? error_no_memory(f->err) : 0;
}

static int add_place(Finder *f, const Hidden *hidden, const char *dest, bool is_itself)
{
        if (ARRAY_GROW(f->found->items, f->found->n, f->found->room, 8) < 0)
                return error_no_memory(f->err);
        char *copy = strdup(dest);
        if (!copy)
                return error_no_memory(f->err);
        f->found->items[f->found->n++] =
                (PlanHide){.op = hidden->op,
                           .dest = copy,
                           .tells_missing = is_itself && !hidden->is_elsewhere &&
                                            str_starts(fs_op_origin(hidden->op), "--")};
        return 0;
}

/* Returns whether the user named a path in the hidden one, which takes precedence. */
static bool names_part(const char *named, const Hidden *hidden)
{
        return path_is_below(named, hidden->op->dest) || path_is_below(named, hidden->real);
}

/* Returns whether a share that was named as a part of the hidden path shows @real. */
static bool is_shown_by_name(const Finder *f, const char *real, const Hidden *hidden)
{
        for (size_t len = strlen(real); len > strlen(hidden->real); len = path_up(real, len))
                for (size_t i = chain_at(&f->shown_by_real, real, len); i != NONE; i = f->shown[i].next)
                        if (names_part(f->shown[i].named, hidden))
                                return true;
        return false;
}

/* Refuses a path whose links lead into a hidden directory: whoever names it does not mean to show a part of
 * what is hidden. */
static int check_not_inside(const Finder *f, const Shown *shown)
{
        for (size_t len = path_up(shown->real, strlen(shown->real)); len > 0; len = path_up(shown->real, len))
                for (size_t i = chain_at(&f->hidden_by_real, shown->real, len); i != NONE;
                     i = f->hidden[i].next) {
                        const Hidden *hidden = &f->hidden[i];
                        if (!names_part(shown->named, hidden) && !is_shown_by_name(f, shown->real, hidden))
                                return error_set(f->err, EPERM,
                                                 "%s: '%s' leads to '%s', which %s hides (to show it, name "
                                                 "it without the link)",
                                                 shown->origin, shown->named, shown->real,
                                                 fs_op_origin(hidden->op));
                }
        return 0;
}

/* Hides a file where @shown, which contains it or is the file, shows it under another name. An explicit
 * SOURCE:DEST for the file itself shows it. */
static int hide_in(Finder *f, Hidden *hidden, const Shown *shown)
{
        const char *rest = hidden->real + (str_eq(shown->real, "/") ? 0 : strlen(shown->real));
        bool is_all = *rest == '\0';
        if (is_all && str_eq(shown->dest, "/"))
                return error_set(f->err, EINVAL, "%s and %s conflict for '%s': keep one of them",
                                 fs_op_origin(hidden->op), shown->origin, shown->named);
        if (is_all && !str_eq(shown->named, shown->dest) && names_part(shown->named, hidden))
                return 0;
        CLEANUP_FREE char *target = is_all ? strdup(shown->dest) : path_join(shown->dest, rest + 1);
        if (!target)
                return error_no_memory(f->err);
        hidden->is_elsewhere = hidden->is_elsewhere || (hidden->exists && !str_eq(target, hidden->op->dest));
        if (str_eq(target, hidden->op->dest) || str_eq(target, hidden->real))
                return 0;
        return add_place(f, hidden, target, false);
}

static int hide_everywhere(Finder *f, Hidden *hidden)
{
        int r = 0;
        for (size_t len = strlen(hidden->real); r == 0 && len > 0; len = path_up(hidden->real, len))
                for (size_t i = chain_at(&f->shown_by_real, hidden->real, len); r == 0 && i != NONE;
                     i = f->shown[i].next)
                        r = hide_in(f, hidden, &f->shown[i]);
        return r;
}

/* Hides the path as it is spelled in another root, too: there its links lead elsewhere than on the host. */
static int hide_in_root(Finder *f, Hidden *hidden, const Spec *spec, const Host *host)
{
        const char *const names[] = {spec->root_dir, plan_real_path(host, spec->root_dir)};
        const char *dest = hidden->op->dest;
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                size_t len = strlen(names[i]);
                if (!path_is_below(dest, names[i]) || dest[len] != '/')
                        continue;
                hidden->is_elsewhere = hidden->is_elsewhere || hidden->exists;
                return add_place(f, hidden, dest + len, false);
        }
        return 0;
}

int plan_find_hides(Plan *plan, const Spec *spec, const Host *host, PlanHides *ret, Error *err)
{
        CLEANUP(finder_clear) Finder f = {.found = ret, .err = err};
        int r = list_hidden(&f, plan, spec, host);
        if (r < 0 || f.n_hidden == 0)
                return r;
        r = list_shown(&f, spec, host);
        for (size_t i = 0; r == 0 && i < f.n_shown; i++)
                r = check_not_inside(&f, &f.shown[i]);
        for (size_t i = 0; r == 0 && i < f.n_hidden; i++) {
                Hidden *hidden = &f.hidden[i];
                r = hide_everywhere(&f, hidden);
                if (r == 0 && spec->root == ROOT_DIR)
                        r = hide_in_root(&f, hidden, spec, host);
                if (r == 0)
                        r = add_place(&f, hidden, hidden->op->dest, true);
                /* The target of a link is hidden, too: a share of it would be mounted later, and show it. */
                if (r == 0 && !str_eq(hidden->real, hidden->op->dest))
                        r = add_place(&f, hidden, hidden->real, false);
        }
        return r;
}
