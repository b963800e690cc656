/* SPDX-License-Identifier: Apache-2.0 */
/* Sets the sandbox's share of per-user resources. */
#include "mech/rlimits.h"

#include "base/defence.h"
#include "base/io.h"
#include "mech/sysctl.h"

#include <fcntl.h>
#include <stdio.h>

/* The kernel counts these per user, for all user namespaces that the user has created (getrlimit(2)). */
static const __rlimit_resource_t shared[RLIMITS_SHARED_MAX] = {RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE,
                                                               RLIMIT_MEMLOCK, RLIMIT_NPROC};

/* Returns the number of tasks of the machine, which is at least that of the user: "0.20 0.18 0.12 1/80 11206"
 * (proc_loadavg(5)). 0: unknown. */
static uint64_t tasks_now(void)
{
        CLEANUP_FREE char *text = NULL;
        if (io_read_file_at(AT_FDCWD, "/proc/loadavg", 256, &text, NULL) < 0)
                return 0;
        const char *slash = strchr(text, '/');
        return slash ? strtoull(slash + 1, NULL, 10) : 0;
}

/* Returns the sandbox's share of a limit; RLIM_INFINITY: no share. */
static rlim_t share_of(const PlanResources *resources, __rlimit_resource_t resource, rlim_t limit)
{
        if (resource != RLIMIT_NPROC)
                return limit == RLIM_INFINITY ? limit : limit / 2;
        uint64_t now = resources->weak_tasks_max > 0 ? tasks_now() : 0;
        return now > 0 ? now + resources->weak_tasks_max : RLIM_INFINITY;
}

void rlimits_lower(const PlanResources *resources, RlimitsHeld *ret)
{
        *ret = (RlimitsHeld){0};
        if (resources->keep_user_limits || !defence_is_on(DEFENCE_USER_SHARE))
                return;
        for (size_t i = 0; i < RLIMITS_SHARED_MAX; i++) {
                if (getrlimit(shared[i], &ret->before[i]) < 0)
                        continue;
                struct rlimit lower = ret->before[i];
                lower.rlim_cur = share_of(resources, shared[i], lower.rlim_cur);
                ret->changed[i] =
                        lower.rlim_cur < ret->before[i].rlim_cur && setrlimit(shared[i], &lower) == 0;
        }
}

void rlimits_restore(const RlimitsHeld *held)
{
        for (size_t i = 0; i < RLIMITS_SHARED_MAX; i++)
                if (held->changed[i])
                        (void)setrlimit(shared[i], &held->before[i]);
}

static int set_ceiling(const char *name, uint64_t value, Error *err)
{
        char text[24];
        /* 0: the kernel has no such setting. */
        if (value == 0)
                return 0;
        (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
        return sysctl_write(name, text, err);
}

int rlimits_set_namespace(const PlanResources *resources, Error *err)
{
        if (!defence_is_on(DEFENCE_USER_SHARE))
                return 0;
        int r = set_ceiling("user/max_inotify_instances", resources->inotify_instances, err);
        return r < 0 ? r : set_ceiling("user/max_inotify_watches", resources->inotify_watches, err);
}

bool rlimits_is_given(const PlanResources *resources, int resource)
{
        for (size_t i = 0; i < resources->n_rlimits; i++)
                if (resources->rlimits[i].resource == resource)
                        return true;
        return false;
}

/* No single file may exceed the limit for all files: a file that is full immediately is not seen to grow. */
static int limit_files(const PlanResources *resources, Error *err)
{
        const struct rlimit file = {resources->disk_max, resources->disk_max};
        struct rlimit now;
        if (resources->disk_max == 0 || rlimits_is_given(resources, RLIMIT_FSIZE) ||
            !defence_is_on(DEFENCE_DISK))
                return 0;
        if (getrlimit(RLIMIT_FSIZE, &now) < 0 ||
            (file.rlim_max < now.rlim_max && setrlimit(RLIMIT_FSIZE, &file) < 0))
                return error_set_errno(err, errno, "cannot limit the size of files (RLIMIT_FSIZE)");
        return 0;
}

int rlimits_apply(const PlanResources *resources, Error *err)
{
        int r = limit_files(resources, err);
        for (size_t i = 0; r == 0 && i < resources->n_rlimits; i++) {
                const SpecRlimit *given = &resources->rlimits[i];
                const struct rlimit limit = {given->soft, given->hard};
                if (setrlimit((__rlimit_resource_t)given->resource, &limit) < 0)
                        r = error_set_errno(err, errno, "cannot set the limit of '%s' (setrlimit(2))",
                                            spec_rlimit_name(given->resource));
        }
        return r;
}
