/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths on the host below a directory that was chosen, by openat2(2): never out of it, through no symlink,
 * onto no other file system, whatever the text says.
 */
#pragma once

#include "base/util.h"

/** below_open - open @name in @dirfd ("": it itself). @flags: of open(2), close-on-exec is added. 0 or
 * -errno: -ELOOP (a link), -EXDEV (leaves the tree or the file system). */
int below_open(int dirfd, const char *name, int flags, int *ret);

/**
 * below_open_parent - open the directory that the path @path below @root is in; slashes at its beginning mean
 * nothing.
 *
 * @path: of any length. @ret_name: the last component, points into @path.
 *
 * Returns 0; -EINVAL when there is no last component; -errno of below_open().
 */
int below_open_parent(int root, const char *path, int *ret, const char **ret_name);
