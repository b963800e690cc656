/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/error.h"

/**
 * landlock_apply_scope - prevent the payload from connecting to abstract sockets outside and from signalling
 * processes outside (landlock(7), scopes, ABI 6). For a shared network namespace, whose abstract sockets are
 * reachable. Requires no_new_privs.
 *
 * Returns 0 or -errno with @err.
 */
int landlock_apply_scope(Error *err);
