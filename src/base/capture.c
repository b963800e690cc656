/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program and returns its output, with a limit on time and size. */
#include "base/capture.h"

#include "base/io.h"
#include "base/process.h"

#include <fcntl.h>
#include <signal.h>

static void child_main(char *const argv[], char *const envp[], bool with_errors, int out)
{
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        process_reset_signals();
        if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(with_errors ? out : null, 2) < 0 ||
            chdir("/") < 0)
                _exit(127);
        (void)process_close_from(3);
        /* A process group of its own, so that the child's own children are killed with it. */
        (void)setpgid(0, 0);
        (void)execve(argv[0], argv, envp);
        _exit(127);
}

int process_capture(char *const argv[], char *const envp[], bool with_errors, size_t max, unsigned timeout_ms,
                    char **ret, size_t *ret_len, int *ret_status)
{
        int fds[2];
        CLEANUP_FD int in = FD_NONE, out = FD_NONE, pidfd = FD_NONE;
        CLEANUP_FREE char *text = NULL;
        size_t len = 0;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        in = fds[0];
        out = fds[1];
        /* If the caller ignores SIGCHLD, the kernel discards the status (waitpid(2)). */
        const struct sigaction def = {.sa_handler = SIG_DFL};
        struct sigaction old;
        (void)sigaction(SIGCHLD, &def, &old);
        pid_t pid = process_clone(0, &pidfd);
        if (pid < 0) {
                (void)sigaction(SIGCHLD, &old, NULL);
                return pid;
        }
        if (pid == 0)
                child_main(argv, envp, with_errors, out);
        out = fd_close(out);
        int r = io_read_to_end(in, max, (int)timeout_ms, &text, &len);
        if (r < 0) {
                (void)kill(-pid, SIGKILL);
                (void)process_signal(pidfd, SIGKILL);
        }
        int waited = process_wait(pidfd, ret_status);
        (void)sigaction(SIGCHLD, &old, NULL);
        if (r == 0)
                r = waited;
        if (r == 0)
                *ret = TAKE_PTR(text);
        if (r == 0 && ret_len)
                *ret_len = len;
        return r;
}
