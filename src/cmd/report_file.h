/* SPDX-License-Identifier: Apache-2.0 */
/* The file of --report: a path, or a pipe that the caller passes as /dev/fd/N (process substitution). */
#pragma once

#include "base/error.h"

#include <stdio.h>

/**
 * report_file_take - close all descriptors that the caller left open, except 0 to 2, and the one that a
 * --report in @argv names. Called before kurung opens anything, and in both programs of process_run_sealed().
 */
void report_file_take(char *const *argv);

/** report_file_inherit - set whether a program that this process executes gets the taken descriptor. */
void report_file_inherit(bool inherit);

/**
 * report_file_open - open the file of --report for writing.
 *
 * @path: NULL: none. A descriptor that is taken for another --report, such as an argument of the command, is
 * closed.
 * @ret: NULL without a path; otherwise fclose() it.
 *
 * Returns 0; -EBADF if the path names a descriptor that is not open for writing, -EINVAL if it names one that
 * is no pipe or socket; otherwise -errno, with @err.
 */
int report_file_open(const char *path, FILE **ret, Error *err);
