/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a pager on the terminal. */
#include "cmd/pager.h"

#include "base/error.h"
#include "base/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>

#define LESS_PROGRAM "/usr/bin/less"

static bool forbidden;
static int pager_pidfd = FD_NONE, pager_terminal = FD_NONE;
static struct sigaction before_int, before_quit;

void pager_forbid(void)
{
        forbidden = true;
}

/* Returns the command for sh(1); NULL: none. */
static const char *pager_command(void)
{
        const char *command = getenv("KURUNG_PAGER");
        if (!command)
                command = getenv("PAGER");
        if (!command)
                return access(LESS_PROGRAM, X_OK) == 0 ? LESS_PROGRAM : NULL;
        return command[0] == '\0' || str_eq(command, "cat") ? NULL : command;
}

/* A pager that is not found must not take the output with it. The shell outlives a Ctrl-C that the pager
 * handles. */
static void exec_pager(const char *command, int input)
{
        static char shell[] = "/bin/sh", run[] = "-c",
                    script[] = "trap : INT QUIT; eval \"$0\"\n[ $? -ne 127 ] || exec cat";
        char *const argv[] = {shell, run, script, (char *)(uintptr_t)command, NULL};
        /* Like git: exit if everything fits on the screen, keep colours, but no other control sequences. */
        (void)setenv("LESS", "FRX", 0);
        (void)setenv("LV", "-c", 0);
        process_reset_signals();
        if (dup2(input, STDIN_FILENO) >= 0)
                (void)execv(argv[0], argv);
}

void pager_start(void)
{
        const char *command = pager_command();
        const struct sigaction ignore = {.sa_handler = SIG_IGN};
        int ends[2];
        if (forbidden || pager_pidfd >= 0 || !command || !isatty(STDOUT_FILENO))
                return;
        (void)fflush(stdout);
        if (pipe2(ends, O_CLOEXEC) < 0)
                return;
        pid_t pid = process_clone(0, &pager_pidfd);
        if (pid == 0) {
                exec_pager(command, ends[0]);
                _exit(EXIT_NOT_FOUND);
        }
        if (pid > 0) {
                pager_terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
                (void)dup2(ends[1], STDOUT_FILENO);
                (void)signal(SIGPIPE, SIG_IGN);
                /* Otherwise Ctrl-C would return to the shell, while the pager still reads the keys. */
                (void)sigaction(SIGINT, &ignore, &before_int);
                (void)sigaction(SIGQUIT, &ignore, &before_quit);
        }
        fd_close(ends[0]);
        fd_close(ends[1]);
}

void pager_end(void)
{
        if (pager_pidfd < 0)
                return;
        /* What nobody read must not appear on the terminal. */
        if (fflush(stdout) != 0)
                __fpurge(stdout);
        clearerr(stdout);
        /* Closes the pipe to the pager; the caller may print more afterwards. */
        if (pager_terminal < 0 || dup2(pager_terminal, STDOUT_FILENO) < 0)
                (void)close(STDOUT_FILENO);
        pager_terminal = fd_close(pager_terminal);
        (void)process_wait(pager_pidfd, NULL);
        pager_pidfd = fd_close(pager_pidfd);
        (void)sigaction(SIGINT, &before_int, NULL);
        (void)sigaction(SIGQUIT, &before_quit, NULL);
}
