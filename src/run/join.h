/* SPDX-License-Identifier: Apache-2.0 */
/* Another command in a running sandbox. */
#pragma once

#include "state/live.h"

/**
 * join_run - run @payload in a running sandbox, with the privileges of the sandbox's own payload, and wait
 * for its end.
 *
 * @live: the result of live_open().
 * @ret_exit: the exit status.
 *
 * Returns 0, or -errno with @err (err->exit_code is the exit status).
 */
int join_run(const Live *live, const PlanPayload *payload, int *ret_exit, Error *err);
