/* SPDX-License-Identifier: Apache-2.0 */
/* The signals that a supervisor reads instead of being hit by them. */
#pragma once

#include "base/error.h"

#include <signal.h>

/**
 * signals_take - give every signal its default disposition, ignore SIGPIPE and SIGXFSZ, and read from a
 * descriptor what is passed on to a command, what a terminal sends to groups in the background, and @extra. A
 * SIGHUP that the caller ignores (nohup(1)) stays ignored.
 *
 * @extra: @n signals more.
 * @ret_before: the mask that was, for sigprocmask(2) at the end. @ret_fd: signalfd(2), non-blocking; the
 * caller's.
 * @ret_stops: readable once SIGTSTP has come, which is left pending for signals_stop_self(): one that was
 * read would stop us even after the SIGCONT that has followed it. The caller's.
 *
 * Returns 0, or -errno of signalfd(2) with @err.
 */
int signals_take(const int *extra, size_t n, sigset_t *ret_before, int *ret_fd, int *ret_stops, Error *err);

/** signals_is_fatal - whether @sig, one that is passed on, ends a process that does not handle it. */
bool signals_is_fatal(int sig);

/** signals_take_fatal - read what signals_take()'s @fd has until one is fatal, or one of our own that asks
 * for the end (LIVE_SIGNAL_END). Returns whether one was. */
bool signals_take_fatal(int fd);

/**
 * signals_stop_self - stop this process until it is continued.
 *
 * @certainly: by SIGSTOP; else by a SIGTSTP that is pending, unless a SIGCONT came after it. The kernel
 * ignores it where nobody could continue us (an orphaned process group, credentials(7)).
 * @timerfd: a timerfd(2) whose end continues us, too; FD_NONE: none.
 */
void signals_stop_self(bool certainly, int timerfd);
