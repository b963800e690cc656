/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox gets a share of the resources that the kernel counts per user, and the user's session keeps the
 * rest. */
#pragma once

#include "plan/plan.h"

#include <sys/resource.h>

#define RLIMITS_SHARED_MAX 4

/** The caller's own limits, while lower ones are set. */
typedef struct RlimitsHeld {
        struct rlimit before[RLIMITS_SHARED_MAX];
        bool changed[RLIMITS_SHARED_MAX];
} RlimitsHeld;

/**
 * rlimits_lower - lower the calling process's soft limits of resources that are counted per user, until
 * rlimits_restore(). A user namespace that is created in between keeps them as its maximum, for all ids and
 * limits of its processes: the kernel refuses more once its creator uses that much, including everything
 * outside of the namespace (set_userns_rlimit_max() in the kernel's kernel/user_namespace.c; Linux 5.14).
 *
 * Pending signals and timers, bytes in message queues, locked shared memory: half of the user's. Processes:
 * the machine's current number plus resources->weak_tasks_max, if no control group limits them.
 */
void rlimits_lower(const PlanResources *resources, RlimitsHeld *ret);

/** rlimits_restore - restore the limits that rlimits_lower() changed. */
void rlimits_restore(const RlimitsHeld *held);

/**
 * rlimits_set_namespace - as the root of a new user namespace, set its limits of inotify (/proc/sys/user,
 * namespaces(7)): each id inside has at most resources->inotify_instances and resources->inotify_watches. In
 * a namespace below this one, they apply to all ids together, because these count for its owner here.
 *
 * Returns 0 or -errno with @err.
 */
int rlimits_set_namespace(const PlanResources *resources, Error *err);

/** rlimits_is_given - return whether the plan replaces kurung's own limit of @resource (RLIMIT_*). */
bool rlimits_is_given(const PlanResources *resources, int resource);

/** rlimits_apply - set the payload's own soft and hard limits. Returns 0 or -errno with @err. */
int rlimits_apply(const PlanResources *resources, Error *err);
