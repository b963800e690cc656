/* SPDX-License-Identifier: Apache-2.0 */
/* The signals that a supervisor reads instead of being hit by them. */
#pragma once

#include "base/error.h"

#include <signal.h>

/**
 * signals_take - give every signal its default disposition, ignore SIGPIPE, and read from a descriptor what
 * is passed on to a command, what a terminal sends to groups in the background, and @extra.
 *
 * @extra: @n signals more.
 * @ret_before: the mask that was, for sigprocmask(2) at the end. @ret_fd: signalfd(2), non-blocking; the
 * caller's.
 *
 * Returns 0, or -errno of signalfd(2) with @err.
 */
int signals_take(const int *extra, size_t n, sigset_t *ret_before, int *ret_fd, Error *err);
