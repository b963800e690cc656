/* SPDX-License-Identifier: Apache-2.0 */
/* What the net helper gives up before it sees the first frame. */
#pragma once

#include "base/error.h"

/**
 * net_lockdown_enter - leave the file system for an empty, read-only root, and give up all capabilities,
 * dumps, and what exec could give (no_new_privs). Called in a user and a mount namespace of one's own, as
 * root there.
 *
 * @max_memory: bytes that may be allocated from now on; 0: no limit.
 *
 * Returns 0 or -errno with @err.
 */
int net_lockdown_enter(uint64_t max_memory, Error *err);

/**
 * net_lockdown_seal - Landlock where the kernel has it, then the system call filter: sockets of IPv4 and
 * IPv6, reading and writing what is open, waiting, memory. What opens, executes or looks into another
 * process kills.
 *
 * Returns 0 or -errno with @err.
 */
int net_lockdown_seal(Error *err);
