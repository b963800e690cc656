/* SPDX-License-Identifier: Apache-2.0 */
/* Functions on paths as text, without access to the file system. */
#pragma once

#include "base/util.h"

/**
 * path_normalize - return a lexically normalized copy of @path: no "//", no "/./", no trailing "/"; ".."
 * removes the component before it and never leads above "/".
 *
 * @path: absolute, or relative to @base (absolute; may be NULL if @path is absolute). @ret: owned by the
 * caller.
 *
 * Returns 0; -EINVAL if neither is absolute or @path is empty; -ENAMETOOLONG from PATH_MAX (4096) on;
 * -ENOMEM.
 */
int path_normalize(const char *path, const char *base, char **ret);

/** path_is_below - return whether the normalized @path is @dir or is below it. */
bool path_is_below(const char *path, const char *dir);

/**
 * path_list_next - take the next directory of a list such as $PATH, normalized. Relative entries, and those
 * that are too long, are skipped.
 *
 * @at: the position in the list, which the function advances. @ret: owned by the caller.
 *
 * Returns 1, 0 at the end of the list, or -ENOMEM.
 */
int path_list_next(const char **at, char **ret);

/** path_join - return "@dir/@name" without a doubled slash; owned by the caller, NULL if out of memory. */
char *path_join(const char *dir, const char *name);

/** path_up - return the length of the directory of the first @len bytes of the normalized absolute @path: of
 * "/a/b" 2, of "/a" 1, of "/" 0. */
size_t path_up(const char *path, size_t len);

/** path_parent - return the parent of a normalized absolute path ("/" for "/"); owned by the caller, NULL if
 * out of memory. */
char *path_parent(const char *path);

/** path_name - return the part after the last slash. */
const char *path_name(const char *path);
