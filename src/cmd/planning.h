/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the plan of a spec on this machine, for commands that run or describe it. */
#pragma once

#include "plan/plan.h"
#include "state/kept.h"

/**
 * planning_find_image - find the image that is the root of @spec, whose configuration completes it
 * (image_resolve()). planning_make() does that itself, without the command. Returns 0 or -errno with @err.
 */
int planning_find_image(Spec *spec, Host *host, bool wants_command, Error *err);

/**
 * planning_make - probe the host for everything that @spec requests, and make the plan.
 *
 * @spec: Tools=yes adds its shares. @host: of host_probe_user(). @kept: the sandbox to resume; NULL: a new
 * one.
 * @ret: plan_clear() frees it.
 *
 * Returns 0 or -errno with @err.
 */
int planning_make(Spec *spec, Host *host, const Kept *kept, Plan *ret, Error *err);

/**
 * planning_restore - fill @spec, initialized by spec_init(), with that of a kept sandbox, and make its
 * working directory that of @host. Returns 0 or -errno with @err.
 */
int planning_restore(const Kept *kept, Host *host, Spec *spec, Error *err);
