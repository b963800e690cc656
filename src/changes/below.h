/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths on the host below a directory, opened with openat2(2): for any path, never outside of the directory,
 * through a symbolic link, or on another file system.
 */
#pragma once

#include "base/util.h"

/** below_open - open @name in @dirfd ("": @dirfd itself). @flags: of open(2); O_CLOEXEC is added. Returns 0
 * or -errno: -ELOOP (a link), -EXDEV (leaves the tree or the file system). */
int below_open(int dirfd, const char *name, int flags, int *ret);

/**
 * below_open_parent - open the directory that contains the path @path below @root; leading slashes are
 * ignored.
 *
 * @path: of any length. @ret_name: the last component, points into @path.
 *
 * Returns 0; -EINVAL if there is no last component; -errno of below_open().
 */
int below_open_parent(int root, const char *path, int *ret, const char **ret_name);
