/* SPDX-License-Identifier: Apache-2.0 */
/* The prompt of shells in sandboxes. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/**
 * prompt_add - add the variables by which a shell says in its prompt that it is in a sandbox, unless the
 * environment has them. The host name, which prompts also show, is the sandbox's name.
 *
 * Returns 0 or -ENOMEM with @err.
 */
int prompt_add(PlanPayload *payload, uid_t uid, Error *err);
