/* SPDX-License-Identifier: Apache-2.0 */
/* What the net helper gives up before it sees the first frame. */
#pragma once

#include "base/error.h"

/**
 * net_lockdown_enter - the confinement of confine/confine.h with nothing kept: an empty, read-only root, no
 * capability, Landlock with nothing allowed, and a list of system calls: sockets of IPv4 and IPv6, reading
 * and writing what is open, waiting, memory. What opens, executes or looks into another process kills. Called
 * in the namespaces of confine_namespaces and a user namespace of one's own, as root there.
 *
 * @max_memory: bytes that may be allocated from now on; 0: no limit.
 *
 * Returns 0 or -errno with @err.
 */
int net_lockdown_enter(uint64_t max_memory, Error *err);
