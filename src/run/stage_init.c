/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the sandbox's init: reaps processes and forwards signals. */
#include "base/caps.h"
#include "base/fds.h"
#include "base/process.h"
#include "net/relay.h"
#include "run/stages.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* The signals that a terminal sends to the whole foreground group; all others are for one process. */
static bool is_group_signal(int sig)
{
        return sig == SIGINT || sig == SIGQUIT || sig == SIGTSTP || sig == SIGHUP || sig == SIGWINCH ||
               sig == SIGCONT;
}

static void forward(pid_t payload, int sig)
{
        if (!is_group_signal(sig) || kill(-payload, sig) < 0)
                (void)kill(payload, sig);
}

/* Reaps all exited processes. Returns true if the payload is one of them, with its status. */
static bool reap(const StageContext *ctx, pid_t payload, int *ret_status)
{
        int status;
        for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;) {
                if (pid != payload)
                        continue;
                if (WIFSTOPPED(status)) {
                        (void)channel_send(ctx->channel, MSG_STOPPED, WSTOPSIG(status), FD_NONE);
                        continue;
                }
                *ret_status = status;
                return true;
        }
        return false;
}

/* Returns 0; -ECONNRESET if the supervisor has exited. */
static int take_message(const StageContext *ctx, pid_t payload)
{
        Message m;
        int r = channel_receive(ctx->channel, &m, NULL);
        if (r <= 0)
                return -ECONNRESET;
        if (m.type == MSG_SIGNAL && m.value > 0 && m.value < NSIG)
                forward(payload, m.value);
        return 0;
}

/*
 * Makes a socket in the sandbox's network for the net helper, which connects it to a published port. The
 * helper may be hostile: init makes one TCP socket per request, waits for nothing, and uses no other byte of
 * it. Returns -ECONNRESET if the helper has exited.
 */
static int make_socket(int sockets)
{
        uint8_t family = 0;
        CLEANUP_FD int fd = FD_NONE;
        ssize_t n = recv(sockets, &family, sizeof(family), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n != sizeof(family) || (family != RELAY_ASK_IPV4 && family != RELAY_ASK_IPV6))
                return -ECONNRESET;
        fd = socket(family == RELAY_ASK_IPV6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    0);
        const uint8_t answer = fd < 0 ? (uint8_t)errno : 0;
        return fds_send(sockets, &answer, sizeof(answer), &fd, fd >= 0 ? 1 : 0, MSG_DONTWAIT);
}

/* Moves a descriptor to a number that is free, or that the payload's stage no longer needs here. */
static int move(int *fd, int to)
{
        if (*fd != to && dup3(*fd, to, O_CLOEXEC) < 0)
                return -errno;
        *fd = to;
        return 0;
}

/* Keeps only the channels, and what it holds for the caller, which is above them: no other descriptor of the
 * host, the caller or the payload. */
static int let_go(const StageContext *ctx, const int *held, int *channel, int *sockets, Error *err)
{
        int r = 0;
        /* The one that is at the other's place moves first, if there is one. */
        bool crossed = *sockets == 3 && *channel == 4;
        if (!crossed && *sockets >= 0 && *channel != 4)
                r = move(sockets, 4);
        if (!crossed && r == 0)
                r = move(channel, 3);
        if (!crossed && r == 0 && *sockets >= 0)
                r = move(sockets, 4);
        if (r < 0)
                return error_set_errno(err, r, "init: cannot move the channel");
        r = stage_keep_held(*channel, *sockets, ctx->payload, held);
        return r < 0 ? error_set_errno(err, r, "init: cannot close descriptors") : 0;
}

/*
 * Waits for a signal or a message. It does not use poll(2), which refuses more descriptors than
 * RLIMIT_NOFILE, and a payload without a filter can lower this limit at any time (prlimit(2)). All
 * descriptors are below 5 after let_go().
 */
static int wait_for_any(int sigfd, int channel, int sockets, fd_set *ret)
{
        FD_ZERO(ret);
        FD_SET(sigfd, ret);
        FD_SET(channel, ret);
        if (sockets >= 0)
                FD_SET(sockets, ret);
        if (select(5, ret, NULL, NULL, NULL) >= 0)
                return 0;
        FD_ZERO(ret);
        return errno == EINTR ? 0 : -errno;
}

/*
 * init
 *   has: pid 1, the channel, CAP_KILL (the payload may have other ids); with published ports the net helper's
 *     channel.
 *   must: reap, forward signals, exit with the payload or with the supervisor. When it exits, the kernel
 *     kills all remaining processes (pid_namespaces(7)).
 *   must not: allocate or exec anything, or open anything but sockets for the net helper.
 */
int stage_init_main(const StageContext *ctx, pid_t payload, int sockets, const int *held)
{
        StageContext own = *ctx;
        sigset_t all;
        Error err = {0};
        (void)sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, NULL);
        (void)prctl(PR_SET_NAME, "kurung-init");
        int sigfd = let_go(ctx, held, &own.channel, &sockets, &err) < 0 ? FD_NONE
                                                                        : signalfd(-1, &all, SFD_CLOEXEC);
        if (sigfd < 0 || caps_keep_only(UINT64_C(1) << CAP_KILL, &err) < 0) {
                if (err.errnum == 0)
                        (void)error_set_errno(&err, errno, "init: cannot create a signalfd");
                return channel_fail(own.channel, &err, -EIO, "init");
        }
        for (;;) {
                int status;
                fd_set ready;
                /* First, because the payload may have exited before signals were watched. */
                if (reap(&own, payload, &status)) {
                        bool last = waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
                        (void)channel_send(own.channel, last ? MSG_EXIT_LAST : MSG_EXIT, status, FD_NONE);
                        return process_exit_code(status);
                }
                int r = wait_for_any(sigfd, own.channel, sockets, &ready);
                if (r < 0) {
                        (void)error_set_errno(&err, r, "init: cannot wait");
                        return channel_fail(own.channel, &err, -EIO, "init");
                }
                struct signalfd_siginfo info;
                if (FD_ISSET(sigfd, &ready) && read(sigfd, &info, sizeof(info)) < 0 && errno != EINTR) {
                        (void)error_set_errno(&err, errno, "init: cannot read signals");
                        return channel_fail(own.channel, &err, -EIO, "init");
                }
                if (FD_ISSET(own.channel, &ready) && take_message(&own, payload) < 0)
                        return EXIT_KURUNG_FAILED;
                if (sockets >= 0 && FD_ISSET(sockets, &ready) && make_socket(sockets) < 0)
                        sockets = fd_close(sockets);
        }
}
