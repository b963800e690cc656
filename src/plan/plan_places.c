/* SPDX-License-Identifier: Apache-2.0 */
/* Plans the working directory and the project around it. */
#include "base/defence.h"
#include "base/path.h"
#include "plan/plan_internal.h"

/* Directories of the system: what is in them is visible, if they are not emptied. */
static bool is_system_dir(const char *path)
{
        static const char *const below[] = {"/usr",   "/etc",    "/bin",  "/sbin", "/lib",  "/lib32",
                                            "/lib64", "/libx32", "/boot", "/dev",  "/proc", "/sys"};
        if (strchr(path + 1, '/') == NULL)
                return true;
        for (size_t i = 0; i < ARRAY_LEN(below); i++)
                if (path_is_below(path, below[i]))
                        return true;
        return plan_is_emptied(path) || str_eq(path, "/var/lib") || str_eq(path, "/var/cache");
}

/* Refuses a directory that cannot be meant as a project whose changes are redirected or written: -EINVAL. */
static int check_place(const Plan *plan, const Host *host, const PlanPlace *place, Error *err)
{
        const char *what = place->what;
        const char *hint = "change to a project directory, or use --work-dir=hidden";
        if (host->home && path_is_below(host->home, place->path))
                return error_set(err, EINVAL, "%s '%s' contains your home directory: %s", what, place->path,
                                 hint);
        for (size_t i = 0; i < host->homes.n && defence_is_on(DEFENCE_HOMES); i++)
                if (path_is_below(host->homes.items[i], place->path))
                        return error_set(err, EINVAL, "%s '%s' contains a home directory of yours ('%s'): %s",
                                         what, place->path, host->homes.items[i], hint);
        if (is_system_dir(place->path))
                return error_set(err, EINVAL, "%s '%s' is a directory of the system: %s", what, place->path,
                                 "change to a project directory, or use --work-dir=ro or --work-dir=hidden");
        const char *own = plan_own_dir_at(plan, host, place->path, place->mode == WORK_DIR_RW);
        if (own)
                return error_set(err, EINVAL, "%s '%s' contains kurung's own state ('%s'): %s", what,
                                 place->path, own, hint);
        return 0;
}

static const char *default_cwd(const Spec *spec, const Host *host)
{
        return host->home && spec->root == ROOT_HOST ? host->home : "/";
}

/* The working directory of a user who named neither one nor a mode for it, such as the home of a new
 * terminal, is hidden if it cannot be shown. */
static int hide_by_default(Plan *plan, const char *path, const Error *why, PlanPlaces *ret, Error *err)
{
        bool visible = is_system_dir(path) && !plan_is_emptied(path) && path[1] != '\0';
        if (visible)
                ret->cwd = path;
        size_t len = strcspn(why->text, ":");
        if (plan_notice(
                    plan, "%.*s%s", (int)len, why->text,
                    visible ? ", and appears as a part of it (change to a project directory to work on one)"
                            : ", and is hidden: the command starts in an empty home (change to a project "
                              "directory)") < 0)
                return error_no_memory(err);
        return 0;
}

static int choose_work_dir(Plan *plan, const Spec *spec, const Host *host, PlanPlaces *ret, Error *err)
{
        Error why = {0};
        PlanPlace place = {.path = host->cwd,
                           .what = "the working directory",
                           .key = "WorkDir",
                           .mode = spec->work_dir,
                           .asked = spec_insists(spec, KEY_WORK_DIR)};
        ret->cwd = default_cwd(spec, host);
        if (place.mode == WORK_DIR_HIDDEN)
                return 0;
        if (!host->cwd)
                return error_set(
                        err, ENOENT,
                        "the working directory was removed or replaced: change to another directory");
        int r = place.mode == WORK_DIR_RO ? plan_check_own(plan, host, host->cwd, false, "WorkDir=ro", err)
                                          : check_place(plan, host, &place, &why);
        if (r == -EINVAL && why.errnum != 0 && !place.asked)
                return hide_by_default(plan, host->cwd, &why, ret, err);
        if (r < 0) {
                if (why.errnum != 0)
                        *err = why;
                return r;
        }
        ret->cwd = host->cwd;
        /* In "/", the whole system is visible already, read-only or redirected to layers. */
        if (!str_eq(host->cwd, "/"))
                ret->items[ret->n++] = place;
        return 0;
}

static WorkDirMode mode_of(ProjectMode mode)
{
        return mode == PROJECT_OVERLAY ? WORK_DIR_OVERLAY
               : mode == PROJECT_RW    ? WORK_DIR_RW
               : mode == PROJECT_RO    ? WORK_DIR_RO
                                       : WORK_DIR_HIDDEN;
}

/* @path: of the project, or git's directory of its worktree; NULL: none. */
static int add_project(Plan *plan, const Spec *spec, const Host *host, const char *path, PlanPlaces *ret,
                       Error *err)
{
        Error why = {0};
        const PlanPlace place = {.path = path,
                                 .what = "the project",
                                 .key = "Project",
                                 .mode = mode_of(spec->project),
                                 .asked = spec_insists(spec, KEY_PROJECT)};
        if (!path)
                return 0;
        if (check_place(plan, host, &place, &why) < 0) {
                if (place.asked)
                        *err = why;
                return place.asked ? -EINVAL : 0;
        }
        ret->items[ret->n++] = place;
        return 0;
}

int plan_choose_places(Plan *plan, const Spec *spec, const Host *host, PlanPlaces *ret, Error *err)
{
        *ret = (PlanPlaces){0};
        int r = choose_work_dir(plan, spec, host, ret, err);
        if (r < 0 || ret->n == 0 || spec->project == PROJECT_HIDDEN)
                return r;
        size_t before = ret->n;
        r = add_project(plan, spec, host, host->project, ret, err);
        ret->below_project = ret->n > before;
        /* One overlay catches the writes to both. */
        if (r == 0 && ret->n > before && spec->project == PROJECT_OVERLAY &&
            ret->items[0].mode == WORK_DIR_OVERLAY)
                ret->items[0] = ret->items[--ret->n];
        const char *top = host->project ? host->project : host->cwd;
        bool elsewhere = host->git_dir && !path_is_below(host->git_dir, top);
        return r < 0 || !elsewhere ? r : add_project(plan, spec, host, host->git_dir, ret, err);
}

int plan_add_place(Plan *plan, const Host *host, const PlanPlace *place, Error *err)
{
        const char *path = place->path;
        int r;
        if (place->mode == WORK_DIR_RW)
                return plan_add(plan, OP_BIND, path, path, OP_RECURSIVE | OP_NO_FOLLOW, err);
        if (place->mode == WORK_DIR_OVERLAY) {
                r = plan_add_caught(plan, host, path, path, err);
                if (r == 0)
                        plan->root.ops[plan->root.n_ops - 1].flags |= OP_WORK_DIR;
                if (r <= 0)
                        return r < 0 ? r : plan_hide_own(plan, host, path, path, false, err);
                if (place->asked)
                        return error_set(err, ENOTSUP, "%s=overlay: %s", place->key,
                                         plan_kernel_overlay_missing(host));
                if (plan_notice(plan, "%s is read-only inside: %s", place->what,
                                plan_kernel_overlay_missing(host)) < 0)
                        return error_no_memory(err);
        }
        r = plan_add(plan, OP_BIND, path, path, OP_RDONLY | OP_RECURSIVE | OP_NO_FOLLOW, err);
        return r < 0 ? r : plan_hide_own(plan, host, path, path, false, err);
}
