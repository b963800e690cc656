/* SPDX-License-Identifier: Apache-2.0 */
/* Checks for changes of files of the host since the sandbox saw them. */
#pragma once

#include "changes/applied.h"

#include <time.h>

/** scan_changed_since - return whether a file or directory changed since @started (NULL: always), unless an
 * apply knows it. */
bool scan_changed_since(const struct stat *st, const struct timespec *started, const Applied *applied);

/**
 * scan_tree - check the file or directory @name, with everything in it, before it is removed: *@ret becomes
 * true if something changed. A directory counts, because a directory that was moved in holds files that did
 * not change.
 *
 * @started, @applied: as with scan_changed_since().
 *
 * Returns 0; -ENOENT; -EPERM if a directory belongs to another user and could not be removed; -errno.
 */
int scan_tree(int dirfd, const char *name, const struct timespec *started, const Applied *applied, bool *ret);
