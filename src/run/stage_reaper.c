/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the init of an independent sandbox, which reaps processes until none is left, and opens the files that
 * an init holds for the caller. */
#include "base/caps.h"
#include "base/process.h"
#include "run/stages.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* Above the descriptors that init uses itself. */
#define HELD_MIN 16

/* Moves it first: closing any descriptor of a file releases the process's locks on it (fcntl(2)). */
static int lock_file(const char *path, int *ret_fd, Error *err)
{
        struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
        CLEANUP_FD int opened = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        int fd = opened < 0 ? FD_NONE : fcntl(opened, F_DUPFD_CLOEXEC, HELD_MIN);
        if (fd < 0)
                return error_set_errno(err, errno, "cannot open the lock file '%s'", path);
        opened = fd_close(opened);
        *ret_fd = fd;
        return fcntl(fd, F_SETLK, &lock) < 0 ? error_set_errno(err, errno, "cannot lock the file '%s'", path)
                                             : 0;
}

int stage_hold(const PlanPayload *payload, int **ret_fds, Error *err)
{
        size_t n = payload->lock_files.n;
        int *fds = calloc(n + 2, sizeof(*fds));
        if (!fds)
                return error_no_memory(err);
        for (size_t i = 0; i < n + 2; i++)
                fds[i] = FD_NONE;
        *ret_fds = fds;
        for (size_t i = 0; i < n; i++)
                if (lock_file(payload->lock_files.items[i], &fds[i], err) < 0)
                        return error_at(err, ERROR_LOCK, (int)i);
        if (payload->holds && (fds[n] = fcntl(payload->hold_fd, F_DUPFD_CLOEXEC, HELD_MIN)) < 0)
                return error_set_errno(err, errno, "cannot hold descriptor %d", payload->hold_fd);
        return 0;
}

int stage_keep_held(int channel, int sockets, const PlanPayload *payload, const int *held)
{
        size_t n = held ? payload->lock_files.n + 1 : 0;
        CLEANUP_FREE int *keep = calloc(n + 2, sizeof(*keep));
        if (!keep)
                return -ENOMEM;
        keep[0] = channel;
        keep[1] = sockets;
        for (size_t i = 0; i < n; i++)
                keep[i + 2] = held[i];
        int r = process_keep_only(keep, n + 2);
        for (int fd = 0; fd < 3; fd++)
                (void)close(fd);
        return r;
}

/*
 * reaper
 *   has: the channel, the held files, the payload's filter, no capability.
 *   must: reap, report the payload's end, exit with the last process. It uses only wait(2), write(2) and
 *     exit(2), which every filter allows.
 *   must not: be more powerful than the payload, which can inspect it: so can the user outside, by whose
 *     request other programs join the sandbox.
 */
int stage_reaper_main(const StageContext *ctx, pid_t payload, const int *held)
{
        sigset_t all;
        Error err = {0};
        int code = EXIT_KURUNG_FAILED, status;
        (void)sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, NULL);
        int r = stage_keep_held(ctx->channel, FD_NONE, ctx->payload, held);
        if (r < 0)
                (void)error_set_errno(&err, r, "init: cannot close descriptors");
        if (r == 0)
                r = caps_keep_only(0, &err);
        /* Once this process can be inspected, /proc/1/environ shows it. */
        for (char **e = environ; *e; e++)
                explicit_bzero(*e, strlen(*e));
        if (r == 0)
                r = stage_set_dumpable(true, &err);
        /* A filter takes it (seccomp(2)), and this process executes nothing. */
        if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                r = error_set_errno(&err, errno, "init: cannot set no_new_privs");
        if (r == 0)
                r = seccomp_apply(ctx->filter, &err);
        if (r < 0)
                return channel_fail(ctx->channel, &err, r, "init");
        for (;;) {
                pid_t pid = wait(&status);
                if (pid == payload) {
                        code = process_exit_code(status);
                        (void)channel_write(ctx->channel, MSG_EXIT, status);
                } else if (pid < 0 && errno != EINTR) {
                        return code;
                }
        }
}
