/* SPDX-License-Identifier: Apache-2.0 */
/* The output of a program, for questions that only the program itself can answer. */
#pragma once

#include "base/util.h"

/**
 * process_capture - run a program in "/", with just this environment, input from /dev/null and no other
 * descriptor, and collect its output.
 *
 * @argv: argv[0] is the absolute path. @envp: NULL-terminated.
 * @with_errors: collect its standard error as well; otherwise that goes to /dev/null.
 * @max: more bytes than this are -EFBIG. @timeout_ms: after that it is killed, -ETIMEDOUT.
 * @ret: NUL-terminated, owned by the caller; @ret_len: without that NUL, may be NULL. @ret_status: wait(2)
 * status.
 *
 * Returns 0 or -errno.
 */
int process_capture(char *const argv[], char *const envp[], bool with_errors, size_t max, unsigned timeout_ms,
                    char **ret, size_t *ret_len, int *ret_status);
