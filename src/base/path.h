/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text. Nothing here looks at a file system. */
#pragma once

#include "base/util.h"

/**
 * path_normalize - a lexically clean copy of @path: no "//", no "/./", no trailing "/"; ".." is resolved
 * against what stands before it and never climbs above "/".
 *
 * @path: absolute, or relative to @base (absolute; may be NULL when @path is absolute).
 * @ret: owned by the caller.
 *
 * Returns 0; -EINVAL when neither is absolute or @path is empty; -ENAMETOOLONG from PATH_MAX (4096) on;
 * -ENOMEM.
 */
int path_normalize(const char *path, const char *base, char **ret);

/** path_is_below - whether the normalized @path is @dir itself or lies below it. */
bool path_is_below(const char *path, const char *dir);

/** path_join - "@dir/@name" as an owned string, without a doubled slash; NULL when out of memory. */
char *path_join(const char *dir, const char *name);

/** path_parent - the parent of a normalized absolute path, owned; "/" for "/"; NULL when out of memory. */
char *path_parent(const char *path);

/** path_name - the part after the last slash. */
const char *path_name(const char *path);
