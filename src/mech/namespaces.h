/* SPDX-License-Identifier: Apache-2.0 */
/* Clones a process in new and existing namespaces. */
#pragma once

#include "plan/plan.h"

/**
 * namespaces_clone - like fork(2), with the child in the namespaces of @ns: it creates new ones, below the
 * user namespace that it joins.
 *
 * The child is a child of the caller even if it joins a pid or user namespace, which requires a process in
 * between.
 *
 * @ret_pidfd: of the child, owned, close-on-exec; untouched in the child.
 *
 * Returns its pid; 0 in the child; -errno of clone3(2) or setns(2) with @err.
 */
pid_t namespaces_clone(const PlanNamespaces *ns, int *ret_pidfd, Error *err);
