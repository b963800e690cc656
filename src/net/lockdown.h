/* SPDX-License-Identifier: Apache-2.0 */
/* Confines the net helper before it handles the first frame. */
#pragma once

#include "base/error.h"

/**
 * net_lockdown_enter - apply the confinement of confine/confine.h without any exception: an empty, read-only
 * root, no capability, Landlock that allows nothing, and a list of system calls: IPv4 and IPv6 sockets,
 * reading and writing open descriptors, waiting, memory. Calls that open or execute files, or inspect another
 * process, kill the helper. Called as root in a new user namespace and the namespaces of confine_namespaces.
 *
 * @max_memory: maximum bytes of further allocations; 0: no limit.
 *
 * Returns 0 or -errno with @err.
 */
int net_lockdown_enter(uint64_t max_memory, Error *err);
