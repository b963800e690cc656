/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a plan from a spec and host facts. */
#include "plan/plan.h"

#include "base/path.h"
#include "plan/plan_internal.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>

/* Finds the file of a source by its path without links, which operations have. */
static FileId identify(const Host *host, const char *source)
{
        const HostPath *known = host_find_real(host, source);
        if (!known)
                return (FileId){0};
        const struct stat *st = &known->found.st;
        return (FileId){
                .known = true, .directory = S_ISDIR(st->st_mode), .dev = st->st_dev, .ino = st->st_ino};
}

void plan_identify_sources(Plan *plan, const Host *host)
{
        for (size_t i = 0; i < plan->root.n_ops; i++) {
                PlanOp *op = &plan->root.ops[i];
                if (!fs_op_is(op, OP_SHOWS_HOST))
                        continue;
                op->in_place =
                        op->in_place || (op->source && str_eq(op->source, plan_real_path(host, op->dest)));
                if (op->source && !op->source_id.known)
                        op->source_id = identify(host, op->source);
                for (size_t k = 0; k < op->n_lowers; k++)
                        op->lowers[k].id = identify(host, op->lowers[k].path);
                if (op->upper.path) {
                        op->upper.id = identify(host, op->upper.path);
                        op->work.id = identify(host, op->work.path);
                }
        }
}

__attribute__((format(printf, 2, 0))) static int add_notice(StrList *to, const char *fmt, va_list ap)
{
        CLEANUP_FREE char *s = NULL;
        return vasprintf(&s, fmt, ap) < 0 ? -ENOMEM : strlist_add(to, s);
}

int plan_notice_once(Plan *plan, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        int r = add_notice(&plan->notices_once, fmt, ap);
        va_end(ap);
        return r;
}

int plan_notice(Plan *plan, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        int r = add_notice(&plan->notices, fmt, ap);
        va_end(ap);
        return r;
}

/* Obstacles to a new user namespace, each with its own remedy. */
static int check_userns(const Host *host, Error *err)
{
        switch (host->userns) {
        case HOST_USERNS_SYSCTL:
                return error_set(
                        err, EPERM,
                        "user namespaces are disabled (sudo sysctl -w kernel.unprivileged_userns_clone=1)");
        case HOST_USERNS_COUNT:
                return error_set(err, ENOSPC,
                                 "user namespaces are disabled: user.max_user_namespaces is 0 (sudo sysctl "
                                 "-w user.max_user_namespaces=15000)");
        case HOST_USERNS_APPARMOR:
                return error_set(err, EPERM,
                                 "AppArmor denies user namespaces to programs without a profile: install the "
                                 "profile that \"kurung doctor\" prints");
        case HOST_USERNS_ABSENT:
                return error_set(err, ENOSYS,
                                 "this kernel was built without user namespaces (CONFIG_USER_NS)");
        case HOST_USERNS_OK:
                break;
        }
        return 0;
}

/* Checks for obstacles that concern @spec, each with its own remedy. */
static int check_host(const Spec *spec, const Host *host, Error *err)
{
        const SpecExecution *e = &spec->execution;
        if (host->is_root && !host->nested && !e->root_accepted)
                return error_set(err, EPERM,
                                 "refusing to run as root: in a user namespace, real root remains the host's "
                                 "root for its files (/proc/sys, devices); run kurung as an ordinary user");
        if (host_is_inside_kurung(host))
                return error_set(
                        err, EPERM,
                        "this is inside a sandbox of kurung, in which no other sandbox can be created: "
                        "run the command directly");
        if (host_missing_call(host))
                return error_set(
                        err, ENOSYS,
                        "%s(2) is not available: kurung needs Linux 5.12 or newer (this is %u.%u), and no "
                        "seccomp filter of a container that refuses it",
                        host_missing_call(host), host->kernel_major, host->kernel_minor);
        int r = e->user.source == NAMESPACE_NEW ? check_userns(host, err) : 0;
        if (r < 0)
                return r;
        if (!host->seccomp && !(e->filters_given && e->n_filter_fds == 0))
                return error_set(err, ENOSYS,
                                 "this kernel was built without seccomp filters (CONFIG_SECCOMP_FILTER)");
        if (!host->proc_visible && (!spec->ops_in_order || spec_has_op(spec, OP_PROC)))
                return error_set(
                        err, EPERM,
                        "cannot mount a new /proc, because an outer container masks parts of /proc: start "
                        "that container with an unmasked /proc (podman: --security-opt unmask=ALL)");
        return 0;
}

/* Sets the path of a kept home. Only its name is known before it is created. */
static int choose_home(Plan *plan, const Spec *spec, const Host *host, Error *err)
{
        if (spec->home != HOME_PERSIST)
                return 0;
        if (!host->home || str_eq(host->home, "/"))
                return error_set(err, ENOENT, "Home=persist:%s: no home directory (set HOME)",
                                 spec->home_name);
        if (!host->state_home)
                return error_set(err, ENOENT,
                                 "Home=persist:%s: no directory to keep it in (set HOME or XDG_STATE_HOME)",
                                 spec->home_name);
        plan->storage.homes_dir = path_join(host->state_home, HOMES_DIR);
        plan->storage.home_name = strdup(spec->home_name);
        return plan->storage.homes_dir && plan->storage.home_name ? 0 : error_no_memory(err);
}

/* Sets plan->storage.runs_dir, and the cache_home of @with_uppers, a copy of the host facts that owns
 * nothing, to the directory of the layers. */
static int choose_runs_dir(Plan *plan, const Spec *spec, Host *with_uppers, Error *err)
{
        plan->storage.keep = spec->keep;
        if (!spec->keep) {
                if (with_uppers->cache_home && !(plan->storage.runs_dir = strdup(with_uppers->cache_home)))
                        return error_no_memory(err);
                return 0;
        }
        if (!with_uppers->state_home)
                return error_set(err, ENOENT,
                                 "no directory to keep a sandbox in (set HOME or XDG_STATE_HOME)");
        if (!(plan->storage.runs_dir = path_join(with_uppers->state_home, KEPT_DIR)))
                return error_no_memory(err);
        with_uppers->cache_home = with_uppers->state_home;
        return 0;
}

static int fill_plan(Plan *plan, const Spec *spec, const Host *host, const PlanKept *kept,
                     const char *const *environ_list, Error *err)
{
        plan->network.mode = spec->network;
        plan->storage.stateless = spec->execution.as_given;
        bool state = !plan->storage.stateless;
        if (state && host->cache_home && !(plan->storage.state_dir = strdup(host->cache_home)))
                return error_no_memory(err);
        if (state && host->live_home && !(plan->storage.live_dir = strdup(host->live_home)))
                return error_no_memory(err);
        if (strlist_copy(&spec->profiles, &plan->storage.profiles) < 0)
                return error_no_memory(err);
        plan->payload.init = spec->execution.init;
        plan->payload.die_with_parent = spec->execution.die_with_parent;
        plan->payload.detached = spec->execution.detached;
        plan->payload.start_socket = spec->execution.start_socket;
        plan->payload.terminal = spec->execution.terminal;
        plan->payload.terminal_socket = spec->execution.terminal_socket;
        for (size_t i = 0; i < spec->argv.n; i++)
                if (strlist_add(&plan->payload.argv, spec->argv.items[i]) < 0)
                        return error_no_memory(err);

        /* In the host's network, the sandbox has the host's name. */
        const char *name = spec->host_name                 ? spec->host_name
                           : spec->network == NETWORK_HOST ? host->hostname
                                                           : NULL;
        if (name && !(plan->payload.host_name = strdup(name)))
                return error_no_memory(err);

        /* The location of the uppers determines which engine can be used. */
        Host with_uppers = *host;
        int r = plan_choose_namespaces(plan, spec, err);
        if (r == 0)
                r = choose_runs_dir(plan, spec, &with_uppers, err);
        if (r == 0)
                r = choose_home(plan, spec, host, err);
        if (r == 0)
                r = plan_choose_identity(plan, spec, host, kept, err);
        if (r == 0)
                r = plan_make_limits(plan, spec, host, err);
        if (r == 0)
                r = plan_choose_engine(plan, spec, &with_uppers, kept, err);
        if (r == 0)
                r = plan_make_root(plan, spec, &with_uppers, err);
        plan_identify_sources(plan, host);
        /* A front end that lists the whole root also chooses the sizes. */
        if (r == 0 && !spec->ops_in_order)
                plan_bound_memory(plan, host);
        if (r == 0)
                r = plan_make_network(plan, spec, host, err);
        if (r == 0)
                r = plan_make_privileges(plan, spec, host, err);
        if (r == 0)
                r = plan_make_env(plan, spec, host, environ_list, err);
        return r;
}

int plan_make(const Spec *spec, const Host *host, const PlanKept *kept, const char *const *environ_list,
              Plan *ret, Error *err)
{
        int r = spec_validate(spec, err);
        if (r < 0)
                return r;
        r = check_host(spec, host, err);
        if (r < 0)
                return r;
        Plan plan = {0};
        r = fill_plan(&plan, spec, host, kept, environ_list, err);
        if (r == 0 && kept)
                r = plan_resume(&plan, kept, err);
        if (r < 0) {
                plan_clear(&plan);
                return r;
        }
        *ret = plan;
        return 0;
}

const char *plan_layer_path(bool fuse, const char *name, const char *side, char out[PLAN_LAYER_PATH_MAX])
{
        if (fuse)
                (void)snprintf(out, PLAN_LAYER_PATH_MAX, side ? "fuse-%s/%s" : "fuse-%s", name, side);
        else
                (void)snprintf(out, PLAN_LAYER_PATH_MAX, "%s-%s", side, name);
        return out;
}

void plan_payload_clear(PlanPayload *payload)
{
        strlist_clear(&payload->argv);
        strlist_clear(&payload->env);
        free(payload->cwd);
        free(payload->host_name);
        free(payload->program);
        free(payload->kept_fds);
        strlist_clear(&payload->lock_files);
        strlist_clear(&payload->cwds);
        *payload = (PlanPayload){0};
}

/* Returns 0 also if @from is NULL. */
static int copy_text(const char *from, char **to)
{
        *to = from ? strdup(from) : NULL;
        return from && !*to ? -ENOMEM : 0;
}

int plan_identity_copy(const PlanIdentity *from, PlanIdentity *to)
{
        *to = *from;
        to->groups = NULL;
        to->n_groups = 0;
        int r = copy_text(from->newuidmap, &to->newuidmap);
        return copy_text(from->newgidmap, &to->newgidmap) < 0 ? -ENOMEM : r;
}

int plan_privileges_copy(const PlanPrivileges *from, PlanPrivileges *to)
{
        *to = *from;
        to->architectures = (StrList){0};
        to->filters_given = false;
        to->filter_fds = NULL;
        to->n_filter_fds = 0;
        int r = copy_text(from->seccomp_file, &to->seccomp_file);
        return r < 0 ? r : strlist_copy(&from->architectures, &to->architectures);
}

int plan_payload_copy(const PlanPayload *from, PlanPayload *to)
{
        *to = (PlanPayload){0};
        int r = copy_text(from->cwd, &to->cwd);
        if (r == 0)
                r = strlist_copy(&from->argv, &to->argv);
        return r < 0 ? r : strlist_copy(&from->env, &to->env);
}

static void clear_root(PlanRoot *root)
{
        for (size_t i = 0; i < root->n_ops; i++)
                fs_op_clear(&root->ops[i]);
        free(root->ops);
        free(root->fuse_overlayfs);
        free(root->view);
        free(root->files_dir);
}

static void clear_storage(PlanStorage *storage)
{
        free(storage->state_dir);
        free(storage->runs_dir);
        free(storage->live_dir);
        free(storage->home_name);
        free(storage->homes_dir);
        strlist_clear(&storage->own_dirs);
        strlist_clear(&storage->profiles);
}

void plan_clear(Plan *plan)
{
        plan_identity_clear(&plan->identity);
        clear_root(&plan->root);
        clear_storage(&plan->storage);
        plan_clear_resources(&plan->resources);
        plan_clear_network(&plan->network);
        plan_privileges_clear(&plan->privileges);
        plan_payload_clear(&plan->payload);
        strlist_clear(&plan->notices);
        strlist_clear(&plan->notices_once);
        *plan = (Plan){0};
}
