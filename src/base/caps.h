/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities of the stages (capabilities(7)), by libcap. */
#pragma once

#include "base/error.h"

/** The five sets of capabilities(7): bit N for capability N. */
typedef struct CapabilitySets {
        uint64_t permitted, effective, inheritable, bounding, ambient;
} CapabilitySets;

/**
 * caps_apply - set all five sets of a process that execs next, in a user namespace in which it holds all
 * capabilities. The kernel derives the program's sets from them (capabilities(7), "Transformation of
 * capabilities during execve()"): exec gives root the inheritable and the bounding set, and another user the
 * ambient set; with no_new_privs only capabilities that were permitted before.
 *
 * @until_exec: capabilities that stay permitted and effective beside @sets, as far as they are held. exec
 *              removes them: without no_new_privs it ignores these two sets.
 * @root_rules: root has the kernel's usual rules. Otherwise the securebits are locked, so that no
 *              set-user-ID-root program restores a capability, and setuid(2) removes none.
 *
 * Returns 0 or -errno with @err.
 */
int caps_apply(const CapabilitySets *sets, uint64_t until_exec, bool root_rules, Error *err);

/** caps_keep_only - set permitted and effective to @mask and drop the rest, in a stage of kurung that does
 * not exec. Returns 0 or -errno with @err. */
int caps_keep_only(uint64_t mask, Error *err);

/** caps_pass_on - give a helper program that this stage execs exactly @mask, for any user id. Returns 0 or
 * -errno with @err. */
int caps_pass_on(uint64_t mask, Error *err);

/** caps_of_kernel - return all capabilities that the kernel has. */
uint64_t caps_of_kernel(void);

/** caps_effective - read the effective set of this process. Returns 0 or -errno with @err. */
int caps_effective(uint64_t *ret, Error *err);
