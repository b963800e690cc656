/* SPDX-License-Identifier: Apache-2.0 */
#include "run/signals.h"

#include "base/process.h"

#include <sys/signalfd.h>

static const int passed_on[] = {SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM, SIGUSR1,
                                SIGUSR2, SIGALRM, SIGWINCH, SIGCONT, SIGTSTP};

int signals_take(const int *extra, size_t n, sigset_t *ret_before, int *ret_fd, Error *err)
{
        sigset_t set;
        process_reset_signals();
        (void)signal(SIGPIPE, SIG_IGN);
        (void)sigemptyset(&set);
        for (size_t i = 0; i < ARRAY_LEN(passed_on); i++)
                (void)sigaddset(&set, passed_on[i]);
        (void)sigaddset(&set, SIGTTOU);
        (void)sigaddset(&set, SIGTTIN);
        for (size_t i = 0; i < n; i++)
                (void)sigaddset(&set, extra[i]);
        (void)sigprocmask(SIG_BLOCK, &set, ret_before);
        int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd < 0)
                return error_set_errno(err, errno, "signalfd");
        *ret_fd = fd;
        return 0;
}
