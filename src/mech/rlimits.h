/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel counts for each user: the sandbox gets a share of it, and the user's session keeps the
 * rest. */
#pragma once

#include "plan/plan.h"

#include <sys/resource.h>

#define RLIMITS_SHARED_MAX 4

/** The caller's own limits, while others stand in their place. */
typedef struct RlimitsHeld {
        struct rlimit before[RLIMITS_SHARED_MAX];
        bool changed[RLIMITS_SHARED_MAX];
} RlimitsHeld;

/**
 * rlimits_lower - lower the calling process's soft limits of what is counted for each user, until
 * rlimits_restore(). A user namespace that is made meanwhile keeps them as its ceiling: whatever ids and
 * limits a process in it has, it is refused more once its user, with all that is outside of the namespace,
 * has so much (set_userns_rlimit_max() in the kernel's kernel/user_namespace.c; Linux 5.14).
 *
 * Pending signals and timers, bytes in message queues, locked shared memory: half of the user's. Processes:
 * those that the machine has now and resources->weak_tasks_max more, where no control group holds them.
 */
void rlimits_lower(const PlanResources *resources, RlimitsHeld *ret);

/** rlimits_restore - give back what rlimits_lower() took. */
void rlimits_restore(const RlimitsHeld *held);

/**
 * rlimits_set_namespace - as the root of a new user namespace, set its own ceilings of inotify
 * (/proc/sys/user, namespaces(7)): each id inside has at most resources->inotify_instances and
 * resources->inotify_watches. In a namespace below this one all ids together have so much, as they count for
 * its owner here.
 *
 * Returns 0 or -errno with @err.
 */
int rlimits_set_namespace(const PlanResources *resources, Error *err);

/** rlimits_is_given - whether the plan has a limit of @resource (RLIMIT_*), in the place of kurung's own. */
bool rlimits_is_given(const PlanResources *resources, int resource);

/** rlimits_apply - the payload's own limits, soft and hard. 0 or -errno with @err. */
int rlimits_apply(const PlanResources *resources, Error *err);
