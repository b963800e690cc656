/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/error.h"

/**
 * landlock_apply_scope - keep the payload from the abstract sockets and from signalling processes of outside
 * (landlock(7), scopes, ABI 6). For a shared network namespace, whose abstract sockets it would see. Needs
 * no_new_privs.
 *
 * Returns 0 or -errno with @err.
 */
int landlock_apply_scope(Error *err);
