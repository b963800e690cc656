/* SPDX-License-Identifier: Apache-2.0 */
/* The signals that a supervisor reads from a descriptor. */
#pragma once

#include "base/error.h"

#include <signal.h>

/**
 * signals_take - reset all dispositions to default, ignore SIGPIPE and SIGXFSZ, and read from a descriptor:
 * the signals that are passed on to a command, those that a terminal sends to background groups, and @extra.
 * If the caller ignores SIGHUP (nohup(1)), it stays ignored.
 *
 * @extra: @n more signals.
 * @ret_before: the previous mask, for sigprocmask(2) at the end. @ret_fd: signalfd(2), non-blocking; owned by
 * the caller.
 * @ret_stops: readable after SIGTSTP; owned by the caller. The signal stays pending for signals_stop_self():
 * if it were read, it would stop kurung even after a SIGCONT that followed it.
 *
 * Returns 0, or -errno of signalfd(2) with @err.
 */
int signals_take(const int *extra, size_t n, sigset_t *ret_before, int *ret_fd, int *ret_stops, Error *err);

/** signals_is_fatal - return whether @sig, which is passed on, kills a process that does not handle it. */
bool signals_is_fatal(int sig);

/** signals_take_fatal - read signals from signals_take()'s @fd until one is fatal, or requests the end
 * (LIVE_SIGNAL_END). Returns whether there was one. */
bool signals_take_fatal(int fd);

/**
 * signals_stop_self - stop this process until it is continued.
 *
 * @certainly: by SIGSTOP; otherwise by a pending SIGTSTP, unless a SIGCONT came after it. The kernel ignores
 * SIGTSTP if no process could continue kurung (an orphaned process group, credentials(7)).
 * @timerfd: a timerfd(2) whose expiration also continues kurung; FD_NONE: none.
 */
void signals_stop_self(bool certainly, int timerfd);
