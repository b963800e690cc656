/* SPDX-License-Identifier: Apache-2.0 */
/* Takes over signals, and stops kurung on request. */
#include "run/signals.h"

#include "base/process.h"

#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>

static const int passed_on[] = {SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM, SIGUSR1,
                                SIGUSR2, SIGALRM, SIGWINCH, SIGCONT};

bool signals_is_fatal(int sig)
{
        static const int fatal[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};
        for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
                if (sig == fatal[i])
                        return true;
        return false;
}

bool signals_take_fatal(int fd)
{
        struct signalfd_siginfo info;
        while (read(fd, &info, sizeof(info)) == sizeof(info))
                if (signals_is_fatal((int)info.ssi_signo) || (int)info.ssi_signo >= SIGRTMIN)
                        return true;
        return false;
}

/* A stopped process cannot read its timerfd, but the kernel still delivers the signal of a timer: SIGCONT. */
static bool wake_at(int timerfd, timer_t *ret)
{
        struct sigevent wake = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT};
        struct itimerspec left;
        if (timerfd < 0 || timerfd_gettime(timerfd, &left) < 0 ||
            (left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0) ||
            timer_create(CLOCK_MONOTONIC, &wake, ret) < 0)
                return false;
        (void)timer_settime(*ret, 0, &left, NULL);
        return true;
}

void signals_stop_self(bool certainly, int timerfd)
{
        sigset_t stop;
        timer_t timer;
        bool timed = wake_at(timerfd, &timer);
        if (certainly) {
                (void)raise(SIGSTOP);
        } else {
                (void)sigemptyset(&stop);
                (void)sigaddset(&stop, SIGTSTP);
                (void)sigprocmask(SIG_UNBLOCK, &stop, NULL);
                (void)sigprocmask(SIG_BLOCK, &stop, NULL);
        }
        if (timed)
                (void)timer_delete(timer);
}

int signals_take(const int *extra, size_t n, sigset_t *ret_before, int *ret_fd, int *ret_stops, Error *err)
{
        sigset_t set, stops;
        struct sigaction hup = {0};
        (void)sigaction(SIGHUP, NULL, &hup);
        bool no_hup = hup.sa_handler == SIG_IGN;
        process_reset_signals();
        /* Writing for a payload then fails with an error instead. */
        (void)signal(SIGPIPE, SIG_IGN);
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)sigemptyset(&set);
        for (size_t i = 0; i < ARRAY_LEN(passed_on); i++)
                (void)sigaddset(&set, passed_on[i]);
        /* With nohup(1) the command must outlive the terminal. */
        if (no_hup) {
                (void)signal(SIGHUP, SIG_IGN);
                (void)sigdelset(&set, SIGHUP);
        }
        (void)sigaddset(&set, SIGTTOU);
        (void)sigaddset(&set, SIGTTIN);
        for (size_t i = 0; i < n; i++)
                (void)sigaddset(&set, extra[i]);
        (void)sigemptyset(&stops);
        (void)sigaddset(&stops, SIGTSTP);
        (void)sigprocmask(SIG_BLOCK, &set, ret_before);
        (void)sigprocmask(SIG_BLOCK, &stops, NULL);
        CLEANUP_FD int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        CLEANUP_FD int stops_fd = signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd < 0 || stops_fd < 0)
                return error_set_errno(err, errno, "cannot create a signalfd");
        *ret_fd = TAKE_FD(fd);
        *ret_stops = TAKE_FD(stops_fd);
        return 0;
}
