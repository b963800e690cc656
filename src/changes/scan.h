/* SPDX-License-Identifier: Apache-2.0 */
/* Checks for changes of files of the host since the sandbox saw them. */
#pragma once

#include "changes/applied.h"

#include <time.h>

/** scan_changed_since - return whether a file changed since @started, unless an apply wrote it. */
bool scan_changed_since(const struct stat *st, const struct timespec *started, const Applied *applied);

/**
 * scan_tree - check all files in the directory @name before it is removed: *@ret becomes true if one changed.
 *
 * Returns 0; -EPERM if a directory in it belongs to another user and could not be removed; -errno.
 */
int scan_tree(int dirfd, const char *name, const struct timespec *started, const Applied *applied, bool *ret);
