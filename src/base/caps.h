/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities of the stages (capabilities(7)), by libcap. */
#pragma once

#include "base/error.h"

/**
 * caps_apply - the payload's capabilities, in its user namespace with all of them held: the bounding set is
 * emptied of all but @mask; permitted, effective and inheritable are that set. For a user that is not root
 * the set is ambient, too, so that it outlives exec, and the securebits are locked so that no
 * set-user-ID-root path gives any back. Root inside (@root) keeps the kernel's usual rules: exec gives it
 * the bounding set, setuid(2) to another user takes all.
 *
 * Returns 0 or -errno with @err.
 */
int caps_apply(uint64_t mask, bool root, Error *err);

/** caps_keep_only - for a stage of ours that does not exec: permitted and effective become @mask, the rest is
 * gone. */
int caps_keep_only(uint64_t mask, Error *err);

/** caps_pass_on - for a stage that becomes a helper program by exec: it has exactly @mask, whatever its user.
 */
int caps_pass_on(uint64_t mask, Error *err);
