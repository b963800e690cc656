/* SPDX-License-Identifier: Apache-2.0 */
/* The id maps of the new user namespace (user_namespaces(7)). */
#pragma once

#include "plan/plan.h"

/**
 * idmap_write - write both maps of the process @pid, which waits in its new user namespace: by newuidmap(1)
 * and newgidmap(1), side by side and with an empty environment, or the one-line map by ourselves.
 *
 * Returns 0 or -errno with @err, which holds what the helper said.
 */
int idmap_write(const Plan *plan, pid_t pid, Error *err);

/**
 * idmap_apply - in the namespace, maps written: drop the supplementary groups (where a map by newgidmap
 * allows it) and become plan->uid and plan->gid. Capabilities are kept. 0 or -errno with @err.
 */
int idmap_apply(const Plan *plan, Error *err);
