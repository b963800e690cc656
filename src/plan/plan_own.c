/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hides kurung's own directories: profiles, the list of trusted profiles, kept and running sandboxes, images,
 * caches.
 * Whichever part of the host a sandbox shows, they are empty in it. Where the payload may write, they exist,
 * so that the payload cannot create them.
 */
#include "base/defence.h"
#include "base/path.h"
#include "plan/plan_internal.h"

typedef struct OwnDirs {
        const char *items[OWN_DIRS_MAX];
        size_t n;
} OwnDirs;

static void list_own(const Plan *plan, const Host *host, OwnDirs *ret)
{
        const char *const spelled[] = {plan->storage.state_dir, host->config_home, host->state_home,
                                       host->live_home, host->data_home};
        ret->n = 0;
        for (size_t i = 0; i < ARRAY_LEN(spelled); i++)
                if (spelled[i])
                        ret->items[ret->n++] = spelled[i];
        for (size_t i = 1; i < host->own_real.n && ret->n < OWN_DIRS_MAX; i += 2)
                ret->items[ret->n++] = host->own_real.items[i];
}

/* Returns whether the path of @own has links: a link in a writable directory on the way could be replaced. */
static bool has_link(const Host *host, const char *own)
{
        for (size_t i = 0; i < host->own_real.n; i += 2)
                if (str_eq(host->own_real.items[i], own))
                        return true;
        return false;
}

/* Compares with the path as it is spelled and without links. */
static bool is_config(const Host *host, const char *own)
{
        for (size_t i = 0; i + 1 < host->own_real.n; i += 2)
                if (str_eq(host->own_real.items[i + 1], own))
                        own = host->own_real.items[i];
        return host->config_home && str_eq(own, host->config_home);
}

const char *plan_own_dir_at(const Plan *plan, const Host *host, const char *path, bool written)
{
        OwnDirs own;
        list_own(plan, host, &own);
        for (size_t i = 0; i < own.n; i++)
                if ((path_is_below(own.items[i], path) || path_is_below(path, own.items[i])) &&
                    (written || !is_config(host, own.items[i])))
                        return own.items[i];
        return NULL;
}

const char *plan_real_path(const Host *host, const char *path)
{
        const HostPath *known = host_find_path(host, path);
        return known ? known->found.path : path;
}

static int mask(Plan *plan, const char *own, const char *dest, bool writable, Error *err)
{
        /* Only masks after the last mount count, because that mount could cover earlier ones. */
        for (size_t i = plan->root.n_ops; i > 0; i--) {
                const PlanOp *op = &plan->root.ops[i - 1];
                if (op->kind != OP_MASK)
                        break;
                if (str_eq(op->dest, dest))
                        return 0;
        }
        if (writable && !strlist_has(&plan->storage.own_dirs, own) &&
            strlist_add(&plan->storage.own_dirs, own) < 0)
                return error_no_memory(err);
        return plan_add_op(plan, OP_MASK, NULL, dest, writable ? 0 : OP_OPTIONAL) ? 0 : error_no_memory(err);
}

/* Returns whether the directory is in another one of the list below @real, and is hidden together with it. */
static bool is_within_another(const OwnDirs *own, size_t i, const char *real)
{
        for (size_t k = 0; k < own->n; k++)
                if (!str_eq(own->items[k], own->items[i]) && path_is_below(own->items[i], own->items[k]) &&
                    path_is_below(own->items[k], real))
                        return true;
        return false;
}

int plan_hide_own(Plan *plan, const Host *host, const char *source, const char *dest, bool writable,
                  Error *err)
{
        const char *real = plan_real_path(host, source);
        OwnDirs own;
        list_own(plan, host, &own);
        for (size_t i = 0; i < own.n; i++) {
                const char *rest = own.items[i] + strlen(real);
                if (!path_is_below(own.items[i], real) || *rest == '\0' || is_within_another(&own, i, real))
                        continue;
                if (writable && has_link(host, own.items[i]))
                        return error_set(err, EPERM,
                                         "cannot share '%s' writable: a symbolic link in it leads to '%s', "
                                         "which belongs to kurung, and could be replaced; share a part of it",
                                         source, own.items[i]);
                CLEANUP_FREE char *target = path_join(dest, str_eq(real, "/") ? own.items[i] + 1 : rest + 1);
                int r = target ? mask(plan, own.items[i], target, writable, err) : error_no_memory(err);
                if (r < 0)
                        return r;
        }
        return 0;
}

int plan_check_own(const Plan *plan, const Host *host, const char *source, bool writable, const char *origin,
                   Error *err)
{
        const char *real = plan_real_path(host, source), *cache = plan->storage.state_dir;
        bool in_cache = cache && path_is_below(real, cache) && !str_eq(real, cache);
        OwnDirs own;
        /* Root inside may remove the remains of a run that could not be removed. */
        if (in_cache && (!writable || str_starts(path_name(real), "kept-")))
                return 0;
        list_own(plan, host, &own);
        for (size_t i = 0; i < own.n; i++)
                if (path_is_below(real, own.items[i]))
                        return error_set(err, EPERM, "%s: '%s' belongs to kurung and is never visible inside",
                                         origin, source);
        return 0;
}

/* Returns whether the path belongs to the system; such a home is that of a service, not of a person. */
static bool is_of_the_system(const char *path)
{
        static const char *const below[] = {"/usr",   "/etc",    "/bin",  "/sbin", "/lib",  "/lib32",
                                            "/lib64", "/libx32", "/boot", "/dev",  "/proc", "/sys"};
        static const char *const exactly[] = {"/", "/var", "/var/lib", "/var/cache", "/opt", "/nix"};
        for (size_t i = 0; i < ARRAY_LEN(below); i++)
                if (path_is_below(path, below[i]))
                        return true;
        return str_in(path, exactly, ARRAY_LEN(exactly));
}

/* Returns the operation that hides @dest or a directory that contains it. */
static const PlanOp *hidden_by(const Plan *plan, const char *dest)
{
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                const PlanOp *op = &plan->root.ops[i];
                if ((op->kind == OP_TMPFS || op->kind == OP_DIR) && !str_eq(op->dest, "/") &&
                    path_is_below(dest, op->dest))
                        return op;
        }
        return NULL;
}

static int hide_dir(Plan *plan, const char *dest, Error *err)
{
        if (str_eq(dest, "/") || hidden_by(plan, dest))
                return 0;
        PlanOp *op = plan_add_op(plan, OP_TMPFS, NULL, dest, OP_OPTIONAL | OP_ROOT_OWNED);
        return op ? 0 : error_no_memory(err);
}

/* Hides the target of a hidden directory that is a link on the host, such as /home to /var/home. Inside there
 * is no link, and the target has another path. */
static int hide_link_targets(Plan *plan, const Host *host, Error *err)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < host->n_top; i++) {
                const HostEntry *e = &host->top[i];
                CLEANUP_FREE char *path = path_join("/", e->name), *target = NULL;
                const PlanOp *op = path && e->type == HOST_SYMLINK ? hidden_by(plan, path) : NULL;
                if (!path)
                        return error_no_memory(err);
                if (op && path_normalize(e->target, "/", &target) == 0)
                        r = hide_dir(plan, target, err);
        }
        return r;
}

int plan_hide_people(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        const StrList *const lists[] = {&host->homes, &host->private_dirs};
        OwnDirs own;
        if (!defence_is_on(DEFENCE_HOMES))
                return 0;
        int r = hide_link_targets(plan, host, err);
        for (size_t k = 0; k < ARRAY_LEN(lists); k++)
                for (size_t i = 0; r == 0 && i < lists[k]->n; i++) {
                        const char *path = lists[k]->items[i];
                        bool is_shown =
                                spec->home == HOME_HOST && host->home &&
                                (str_eq(path, host->home) || str_eq(path, plan_real_path(host, host->home)));
                        if (!is_shown && !is_of_the_system(path))
                                r = hide_dir(plan, path, err);
                }
        list_own(plan, host, &own);
        for (size_t i = 0; r == 0 && i < own.n; i++)
                r = hide_dir(plan, own.items[i], err);
        return r;
}
