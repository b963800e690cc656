/* SPDX-License-Identifier: Apache-2.0 */
/* Makes plans from specs and this machine. */
#include "cmd/planning.h"

#include "cmd/command.h"
#include "base/timings.h"
#include "image/resolve.h"
#include "plan/tools.h"
#include "spec/keys.h"
#include "state/written.h"

#include <fcntl.h>
#include <stdio.h>

extern char **environ;

/* Probes the host for what the plan of the spec can need. */
static int probe_machine(const Spec *spec, Host *host, Error *err)
{
        CLEANUP_FD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        unsigned facts = (spec->id_map != ID_MAP_SINGLE ? HOST_FACT_IDS : 0) |
                         (spec->network == NETWORK_SLIRP ? HOST_FACT_NETWORK : 0);
        return root < 0 ? error_set_errno(err, errno, "cannot open /")
                        : host_probe_machine(root, host, facts, err);
}

/* Probes the host for limits, if the spec has any. */
static int probe_limits(const Spec *spec, Host *host, Error *err)
{
        CLEANUP_STRLIST StrList paths = {0};
        if (!spec_has_limits(spec))
                return 0;
        CLEANUP_FD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; i < spec->n_io_limits; i++)
                if (strlist_add(&paths, spec->io_limits[i].path) < 0)
                        return error_no_memory(err);
        return host_probe_limits(root, host, (const char *const *)paths.items) < 0 ? error_no_memory(err) : 0;
}

/* Looks up all shared paths once, before anything else of the sandbox exists. */
static int probe_shared(const Spec *spec, Host *host, Error *err)
{
        CLEANUP_STRLIST StrList paths = {0};
        int r = 0;
        if (spec->home == HOME_HOST && host->home)
                r = strlist_add(&paths, host->home);
        if (r == 0 && spec->root == ROOT_DIR)
                r = strlist_add(&paths, spec->root_dir);
        if (r == 0 && paths.n > 0)
                r = host_probe_paths(host, (const char *const *)paths.items);
        if (r == 0)
                r = host_probe_ops(host, spec);
        if (r == 0 && spec->run_as == RUN_AS_ROOT && spec->root == ROOT_HOST)
                r = host_probe_skeleton(host);
        if (r == 0)
                r = host_probe_groups(host, spec->work_dir != WORK_DIR_HIDDEN);
        return r < 0 ? error_set_errno(err, r, "cannot look up the shared paths") : 0;
}

static int probe_project(Host *host, const StrList *words, Error *err)
{
        int r = host_probe_project(host);
        if (r == 0)
                r = host_probe_names(host, words);
        return r < 0 ? error_set_errno(err, r, "cannot look up the project") : 0;
}

int planning_find_image(Spec *spec, Host *host, bool wants_command, Error *err)
{
        int r = probe_machine(spec, host, err);
        return r < 0 ? r : image_resolve(spec, host, wants_command, err);
}

/* An image needs the ids of the machine, and was found together with them. */
static int probe_root(Spec *spec, Host *host, Error *err)
{
        if (spec->root != ROOT_IMAGE)
                return probe_machine(spec, host, err);
        return host->image.name ? 0 : planning_find_image(spec, host, false, err);
}

int planning_make(Spec *spec, Host *host, const Kept *kept, Plan *ret, Error *err)
{
        CLEANUP(kept_for_plan_clear) PlanKept resumed = {0};
        int r = probe_root(spec, host, err);
        timings_reached("probe the machine");
        if (r == 0 && spec->work_dir != WORK_DIR_HIDDEN)
                r = probe_project(host, &spec->argv, err);
        /* Files are read and tools executed only on request. */
        if (r == 0 && spec->network == NETWORK_SLIRP && spec->net_allow_from.n > 0)
                r = host_probe_sources(host, &spec->net_allow_from, command_variable, err);
        if (r == 0 && spec->tools && spec->root == ROOT_HOST && spec->home != HOME_HOST)
                r = tools_add(spec, host, command_variable, err);
        if (r == 0)
                r = probe_limits(spec, host, err);
        if (r == 0)
                r = probe_shared(spec, host, err);
        if (r == 0)
                r = written_check(spec, host, err);
        if (r == 0 && kept)
                r = kept_for_plan(kept, &resumed, err);
        return r < 0 ? r
                     : plan_make(spec, host, kept ? &resumed : NULL, (const char *const *)environ, ret, err);
}

int planning_restore(const Kept *kept, Host *host, Spec *spec, Error *err)
{
        const KeptRecord *record = &kept->record;
        const char *name = kept->dir.name;
        CLEANUP_FREE char *origin = NULL;
        int r;
        if (asprintf(&origin, "the sandbox '%s'", name) < 0) {
                origin = NULL;
                return error_no_memory(err);
        }
        /* A resumed sandbox keeps its original working directory. */
        if (str_empty(record->work_dir)) {
                free(host->cwd);
                host->cwd = NULL;
        } else if ((r = host_take_cwd(host, record->work_dir)) < 0) {
                return r == -ELOOP
                               ? error_set(err, ELOOP,
                                           "the working directory '%s' of the sandbox '%s' is now a symbolic "
                                           "link or behind one (restore the directory, or remove the "
                                           "sandbox: kurung discard %s)",
                                           record->work_dir, name, name)
                               : error_set_errno(err, r,
                                                 "cannot open the working directory '%s' of the sandbox '%s'",
                                                 record->work_dir, name);
        }
        if (strlist_copy(&record->profiles, &spec->profiles) < 0)
                return error_no_memory(err);
        return spec_restore(&record->spec, origin, spec, err);
}
