/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities of the stages (capabilities(7)), by libcap. */
#pragma once

#include "base/error.h"

/** The five sets of capabilities(7): bit N for capability N. */
typedef struct CapabilitySets {
        uint64_t permitted, effective, inheritable, bounding, ambient;
} CapabilitySets;

/**
 * caps_apply - set all five sets of a process that execs next, in a user namespace with all of them held.
 * What the program has is what the kernel makes of them (capabilities(7), "Transformation of capabilities
 * during execve()"): exec gives root the inheritable and the bounding set, and another user the ambient set;
 * with no_new_privs nothing that is not permitted before.
 *
 * @until_exec: capabilities that stay permitted and effective beside @sets, as far as they are held. exec
 *              takes them away: without no_new_privs it looks at neither of these two sets.
 * @root_rules: root has the kernel's usual rules. Else the securebits are locked, so that no set-user-ID-root
 *              path gives anything back, and setuid(2) takes nothing.
 *
 * Returns 0 or -errno with @err.
 */
int caps_apply(const CapabilitySets *sets, uint64_t until_exec, bool root_rules, Error *err);

/** caps_keep_only - for a stage of ours that does not exec: permitted and effective become @mask, the rest is
 * gone. */
int caps_keep_only(uint64_t mask, Error *err);

/** caps_pass_on - for a stage that becomes a helper program by exec: it has exactly @mask, whatever its user.
 */
int caps_pass_on(uint64_t mask, Error *err);
