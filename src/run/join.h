/* SPDX-License-Identifier: Apache-2.0 */
/* A further command in a sandbox that runs. */
#pragma once

#include "state/live.h"

/**
 * join_run - run @payload in a running sandbox, with the privileges of its own payload, and wait for its end.
 *
 * @live: what live_open() gave.
 * @ret_exit: what to exit with.
 *
 * Returns 0, or -errno with @err (err->exit_code says what to exit with).
 */
int join_run(const Live *live, const PlanPayload *payload, int *ret_exit, Error *err);
