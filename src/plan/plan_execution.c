/* SPDX-License-Identifier: Apache-2.0 */
/* Plans the requests of front ends other than profiles about the execution of the command. */
#include "plan/plan_internal.h"

/* Returns a copy of @n elements; NULL also if @n is 0. */
static void *copy_items(const void *items, size_t n, size_t size)
{
        void *copy = n > 0 ? calloc(n, size) : NULL;
        if (copy)
                memcpy(copy, items, n * size);
        return copy;
}

/* Computes the capabilities after exec like execve(2), for a program without file capabilities: with
 * no_new_privs, exec adds none to the permitted set. */
static void take_capabilities(Plan *plan, const SpecExecution *e)
{
        const CapabilitySets *sets = &e->capability_sets;
        if (!e->has_capability_sets)
                return;
        plan->privileges.capability_sets_given = true;
        plan->privileges.capability_sets = *sets;
        plan->privileges.capabilities =
                plan->identity.uid == 0 ? sets->inheritable | sets->bounding : sets->ambient;
        if (plan->privileges.no_new_privileges)
                plan->privileges.capabilities &= sets->permitted;
}

static bool is_mapped(const IdMap *map, uint32_t inside)
{
        for (size_t i = 0; i < map->n; i++)
                if (inside >= map->items[i].inside && inside - map->items[i].inside < map->items[i].count)
                        return true;
        return false;
}

static int take_groups(PlanIdentity *identity, const SpecExecution *e, Error *err)
{
        bool mapped_here = e->user.source == NAMESPACE_NEW;
        if (e->n_groups > 0 && mapped_here && !identity->map_by_newuidmap)
                return error_set(err, ENOTSUP,
                                 "cannot set supplementary groups: without subordinate ids only one group is "
                                 "mapped, and the kernel then refuses setgroups(2) (user_namespaces(7))");
        for (size_t i = 0; mapped_here && i < e->n_groups; i++)
                if (!is_mapped(&identity->gid_map, e->groups[i]))
                        return error_set(err, EINVAL,
                                         "cannot set the supplementary group %u: no group is mapped to it",
                                         e->groups[i]);
        identity->groups = copy_items(e->groups, e->n_groups, sizeof(*e->groups));
        identity->n_groups = e->n_groups;
        return e->n_groups > 0 && !identity->groups ? error_no_memory(err) : 0;
}

static int take_limits(PlanResources *resources, const SpecExecution *e, Error *err)
{
        for (size_t i = 0; i < e->n_rlimits; i++)
                if (e->rlimits[i].resource == RLIMIT_NPROC)
                        resources->weak_tasks_max = 0;
        resources->rlimits = copy_items(e->rlimits, e->n_rlimits, sizeof(*e->rlimits));
        resources->n_rlimits = e->n_rlimits;
        resources->has_oom_score_adj = e->has_oom_score_adj;
        resources->oom_score_adj = e->oom_score_adj;
        if (e->has_oom_score_adj)
                resources->first_to_die = false;
        return e->n_rlimits > 0 && !resources->rlimits ? error_no_memory(err) : 0;
}

/* The payload sees argv0 as its name, but the program to execute stays the same. */
static int take_name(PlanPayload *payload, const SpecExecution *e, Error *err)
{
        char *name = e->argv0 && payload->argv.n > 0 ? strdup(e->argv0) : NULL;
        if (!name)
                return e->argv0 && payload->argv.n > 0 ? error_no_memory(err) : 0;
        payload->program = payload->argv.items[0];
        payload->argv.items[0] = name;
        return 0;
}

int plan_make_execution(Plan *plan, const Spec *spec, Error *err)
{
        const SpecExecution *e = &spec->execution;
        PlanPrivileges *privileges = &plan->privileges;
        PlanPayload *payload = &plan->payload;
        take_capabilities(plan, e);
        privileges->filters_given = e->filters_given;
        privileges->filter_fds = copy_items(e->filter_fds, e->n_filter_fds, sizeof(*e->filter_fds));
        privileges->n_filter_fds = e->n_filter_fds;
        payload->has_umask = e->has_umask;
        payload->umask = e->umask;
        payload->kept_fds = copy_items(e->kept_fds, e->n_kept_fds, sizeof(*e->kept_fds));
        payload->n_kept_fds = e->n_kept_fds;
        payload->independent = e->independent;
        payload->waits = e->waits;
        payload->wait_fd = e->wait_fd;
        payload->holds = e->holds;
        payload->hold_fd = e->hold_fd;
        payload->cwd_required = e->cwd_required;
        payload->check_no_user_namespaces = e->check_no_user_namespaces;
        if (strlist_copy(&e->lock_files, &payload->lock_files) < 0 ||
            strlist_copy(&e->cwds, &payload->cwds) < 0)
                return error_no_memory(err);
        if ((e->n_filter_fds > 0 && !privileges->filter_fds) || (e->n_kept_fds > 0 && !payload->kept_fds))
                return error_no_memory(err);
        int r = take_groups(&plan->identity, e, err);
        if (r == 0)
                r = take_limits(&plan->resources, e, err);
        return r < 0 ? r : take_name(payload, e, err);
}
