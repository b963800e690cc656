/* SPDX-License-Identifier: Apache-2.0 */
/* The file of --report: a path, or a pipe that the caller passes as /dev/fd/N (process substitution). */
#pragma once

#include "base/error.h"

#include <stdio.h>

/**
 * report_file_open - open the file of --report for writing.
 *
 * @path: NULL: none. A path that names a descriptor of the caller (caller_fds_take()) takes it.
 * @ret: NULL without a path; otherwise fclose() it.
 *
 * Returns 0; -EBADF if the path names a descriptor that is not open for writing, -EINVAL if it names one that
 * is no pipe or socket; otherwise -errno, with @err.
 */
int report_file_open(const char *path, FILE **ret, Error *err);
