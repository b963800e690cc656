/* SPDX-License-Identifier: Apache-2.0 */
/* A process in namespaces that are made for it, and in others that are there already. */
#pragma once

#include "plan/plan.h"

/**
 * namespaces_clone - as fork(2), but the child is in the namespaces that @ns names: in what it makes, below
 * what it joins.
 *
 * It is the caller's own child also where a pid or user namespace is joined, which only a process in between
 * can do for it.
 *
 * @ret_pidfd: the child's, owned, close-on-exec; untouched in the child.
 *
 * Returns its pid; 0 in the child; -errno with @err. clone3(2), setns(2).
 */
pid_t namespaces_clone(const PlanNamespaces *ns, int *ret_pidfd, Error *err);
