/* SPDX-License-Identifier: Apache-2.0 */
/* Handles the signals that interrupt an apply. */
#include "cmd/apply_signals.h"

#include <sys/eventfd.h>

/* The signal that interrupts the apply; 0: none. */
static volatile sig_atomic_t interrupted;

/* Wakes up a wait for an answer: eventfd(2). */
static int wake_fd = FD_NONE;

static void interrupt(int sig)
{
        const uint64_t one = 1;
        int saved = errno;
        interrupted = sig;
        if (wake_fd >= 0 && write(wake_fd, &one, sizeof(one)) < 0)
                errno = saved;
        errno = saved;
}

static const int end_signals[APPLY_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

void apply_signals_take(ApplySignals *ret)
{
        const struct sigaction ours = {.sa_handler = interrupt, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
        interrupted = 0;
        wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        for (size_t i = 0; i < APPLY_SIGNALS; i++) {
                (void)sigaction(end_signals[i], NULL, &ret->before[i]);
                if (ret->before[i].sa_handler != SIG_IGN)
                        (void)sigaction(end_signals[i], &ours, NULL);
        }
}

void apply_signals_restore(const ApplySignals *before)
{
        for (size_t i = 0; i < APPLY_SIGNALS; i++)
                (void)sigaction(end_signals[i], &before->before[i], NULL);
        wake_fd = fd_close(wake_fd);
}

int apply_signals_got(void)
{
        return interrupted;
}

int apply_signals_wake_fd(void)
{
        return wake_fd;
}
