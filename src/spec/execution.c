/* SPDX-License-Identifier: Apache-2.0 */
/* Validates and frees the description of how a command is executed. */
#include "spec/execution.h"

#include <linux/oom.h>

void spec_execution_clear(SpecExecution *execution)
{
        free(execution->kept_fds);
        free(execution->filter_fds);
        free(execution->rlimits);
        free(execution->groups);
        free(execution->argv0);
        strlist_clear(&execution->lock_files);
        strlist_clear(&execution->cwds);
        *execution = (SpecExecution){0};
}

const char *spec_rlimit_name(int resource)
{
        static const char *const names[] = {[RLIMIT_AS] = "as",
                                            [RLIMIT_CORE] = "core",
                                            [RLIMIT_CPU] = "cpu",
                                            [RLIMIT_DATA] = "data",
                                            [RLIMIT_FSIZE] = "fsize",
                                            [RLIMIT_LOCKS] = "locks",
                                            [RLIMIT_MEMLOCK] = "memlock",
                                            [RLIMIT_MSGQUEUE] = "msgqueue",
                                            [RLIMIT_NICE] = "nice",
                                            [RLIMIT_NOFILE] = "nofile",
                                            [RLIMIT_NPROC] = "nproc",
                                            [RLIMIT_RSS] = "rss",
                                            [RLIMIT_RTPRIO] = "rtprio",
                                            [RLIMIT_RTTIME] = "rttime",
                                            [RLIMIT_SIGPENDING] = "sigpending",
                                            [RLIMIT_STACK] = "stack"};
        return resource >= 0 && (size_t)resource < ARRAY_LEN(names) ? names[resource] : NULL;
}

static int check_descriptors(const SpecExecution *e, Error *err)
{
        for (size_t i = 0; i < e->n_kept_fds; i++) {
                if (e->kept_fds[i] < 3)
                        return error_set(err, EINVAL, "cannot keep descriptor %d: 0 to 2 are there anyway",
                                         e->kept_fds[i]);
                for (size_t j = 0; j < i; j++)
                        if (e->kept_fds[j] == e->kept_fds[i])
                                return error_set(err, EINVAL, "cannot keep descriptor %d twice",
                                                 e->kept_fds[i]);
        }
        if (e->n_filter_fds > 0 && !e->filters_given)
                return error_set(err, EINVAL, "descriptor %d has a system call filter, and none is asked for",
                                 e->filter_fds[0]);
        return 0;
}

static int check_capabilities(const CapabilitySets *sets, Error *err)
{
        if (sets->effective & ~sets->permitted)
                return error_set(err, EINVAL,
                                 "a capability can be effective only if it is permitted (capabilities(7))");
        if (sets->ambient & ~(sets->permitted & sets->inheritable))
                return error_set(err, EINVAL,
                                 "a capability can be ambient only if it is permitted and inheritable "
                                 "(capabilities(7))");
        return 0;
}

static int check_rlimits(const SpecExecution *e, Error *err)
{
        for (size_t i = 0; i < e->n_rlimits; i++) {
                const SpecRlimit *limit = &e->rlimits[i];
                const char *name = spec_rlimit_name(limit->resource);
                if (!name)
                        return error_set(err, EINVAL, "%d is no resource that has a limit (getrlimit(2))",
                                         limit->resource);
                if (limit->soft > limit->hard)
                        return error_set(err, EINVAL, "the soft limit of '%s' is above the hard one", name);
                for (size_t j = 0; j < i; j++)
                        if (e->rlimits[j].resource == limit->resource)
                                return error_set(err, EINVAL, "'%s' has two limits", name);
        }
        return 0;
}

/* Returns the first request that "kurung exec" could not repeat, because no record holds it; NULL: none. */
static const char *needs_as_given(const SpecExecution *e)
{
        return e->filters_given         ? "a system call filter"
               : e->has_capability_sets ? "capability sets"
               : e->n_rlimits > 0       ? "limits of its processes"
               : e->n_groups > 0        ? "supplementary groups"
                                        : NULL;
}

int spec_execution_check(const SpecExecution *execution, Error *err)
{
        const char *given = execution->as_given ? NULL : needs_as_given(execution);
        if (given)
                return error_set(err, EINVAL,
                                 "cannot give %s to a sandbox that other commands can find: \"kurung exec\" "
                                 "would run without",
                                 given);
        if (execution->detached && (execution->init != INIT_PAYLOAD || execution->die_with_parent ||
                                    !execution->as_given || execution->terminal == TERMINAL_OWN))
                return error_set(err, EINVAL,
                                 "cannot detach a command that needs a process of kurung's beside it");
        if (execution->independent &&
            (!execution->as_given || execution->detached || execution->terminal == TERMINAL_OWN))
                return error_set(err, EINVAL,
                                 "cannot leave a command alone that needs a process of kurung's beside it");
        if (execution->maps_given && execution->user.source != NAMESPACE_NEW)
                return error_set(err, EINVAL, "cannot map ids in a user namespace that exists already");
        if ((execution->holds || execution->lock_files.n > 0) && execution->init != INIT_KURUNG)
                return error_set(err, EINVAL, "cannot hold a file for a command without an init process");
        if (execution->has_umask && (execution->umask & ~(mode_t)0777))
                return error_set(err, EINVAL, "the umask %#o is not within 0777", execution->umask);
        if (execution->has_oom_score_adj &&
            (execution->oom_score_adj < OOM_SCORE_ADJ_MIN || execution->oom_score_adj > OOM_SCORE_ADJ_MAX))
                return error_set(err, EINVAL, "the OOM score adjustment %d is not within %d to %d",
                                 execution->oom_score_adj, OOM_SCORE_ADJ_MIN, OOM_SCORE_ADJ_MAX);
        int r = check_descriptors(execution, err);
        if (r == 0 && execution->has_capability_sets)
                r = check_capabilities(&execution->capability_sets, err);
        return r < 0 ? r : check_rlimits(execution, err);
}
