/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the host's side is still what the sandbox saw. */
#pragma once

#include "changes/applied.h"

#include <time.h>

/** scan_changed_since - whether a file was changed since @started, but for what an apply put there itself. */
bool scan_changed_since(const struct stat *st, const struct timespec *started, const Applied *applied);

/**
 * scan_tree - the same for all files in the directory @name, before it is taken away: *@ret becomes true when
 * one was.
 *
 * Returns 0; -EPERM when a directory in it is not the user's, who could not remove it; -errno.
 */
int scan_tree(int dirfd, const char *name, const struct timespec *started, const Applied *applied, bool *ret);
