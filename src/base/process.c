/* SPDX-License-Identifier: Apache-2.0 */
/* Clones, waits for and signals processes, and prepares them for exec. */
#include "base/process.h"

#include "base/defence.h"
#include "base/error.h"
#include "base/io.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

pid_t process_clone(uint64_t flags, int *ret_pidfd)
{
        int pidfd = FD_NONE;
        struct clone_args args = {
                .flags = flags | CLONE_PIDFD,
                .pidfd = (uint64_t)(uintptr_t)&pidfd,
                /* A sibling inherits the exit signal of its parent (clone(2), CLONE_PARENT). */
                .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
        };
        long pid = syscall(SYS_clone3, &args, sizeof(args));
        if (pid < 0)
                return -errno;
        if (pid > 0) {
                if (ret_pidfd)
                        *ret_pidfd = pidfd;
                else
                        fd_close(pidfd);
        }
        return (pid_t)pid;
}

/* Volatile: clone(3) is declared as a function that does not call back. */
static const sigset_t *volatile mask_before_exec;

void process_restore_mask(void)
{
        if (mask_before_exec)
                (void)sigprocmask(SIG_SETMASK, mask_before_exec, NULL);
}

pid_t process_clone_exec(uint64_t flags, int (*child)(void *userdata), void *userdata, int *ret_pidfd)
{
        static _Alignas(16) char stack[64 << 10];
        int pidfd = FD_NONE;
        sigset_t all, before;
        (void)sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, &before);
        /* The child sees it, as it shares the memory. */
        mask_before_exec = &before;
        pid_t pid = clone(child, stack + sizeof(stack),
                          (int)flags | CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, userdata, &pidfd);
        int r = pid < 0 ? -errno : pid;
        mask_before_exec = NULL;
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        if (r > 0)
                *ret_pidfd = pidfd;
        return r;
}

int process_wait(int pidfd, int *ret_status)
{
        siginfo_t info = {0};
        while (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
                if (errno != EINTR)
                        return -errno;
        if (ret_status)
                *ret_status =
                        info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8 : (info.si_status & 0x7f);
        return 0;
}

int process_signal(int pidfd, int sig)
{
        return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

int process_exit_code(int status)
{
        return WIFSIGNALED(status) ? EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
}

int process_spawn(char *const argv[], int stderr_fd, int *ret_pidfd)
{
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attr;
        sigset_t all;
        char *const no_env[] = {NULL};
        pid_t pid;

        (void)sigfillset(&all);
        int r = posix_spawn_file_actions_init(&actions);
        if (r != 0)
                return -r;
        r = posix_spawnattr_init(&attr);
        if (r != 0) {
                (void)posix_spawn_file_actions_destroy(&actions);
                return -r;
        }
        (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                                      POSIX_SPAWN_SETPGROUP);
        (void)posix_spawnattr_setpgroup(&attr, 0);
        (void)posix_spawnattr_setsigdefault(&attr, &all);
        /* All signals stay blocked: a signal to the caller's group before the child left it would kill the
         * child. */
        (void)posix_spawnattr_setsigmask(&attr, &all);
        r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, 0, 1);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, stderr_fd >= 0 ? stderr_fd : 0, 2);
        if (r == 0)
                r = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
        if (r == 0)
                r = posix_spawn(&pid, argv[0], &actions, &attr, argv, no_env);
        (void)posix_spawn_file_actions_destroy(&actions);
        (void)posix_spawnattr_destroy(&attr);
        if (r != 0)
                return -r;
        /* The child has not been waited for yet, so its pid cannot have been reused. */
        int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        if (pidfd < 0)
                return -errno;
        *ret_pidfd = pidfd;
        return 0;
}

void process_reset_signals(void)
{
        sigset_t none;
        struct sigaction def = {.sa_handler = SIG_DFL};
        for (int sig = 1; sig < NSIG; sig++)
                if (sig != SIGKILL && sig != SIGSTOP)
                        (void)sigaction(sig, &def, NULL);
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static mode_t caller_umask;
static bool umask_tamed;

void process_tame_umask(void)
{
        caller_umask = umask(0);
        umask_tamed = true;
        (void)umask(caller_umask & 0077);
}

void process_restore_umask(void)
{
        if (umask_tamed)
                (void)umask(caller_umask);
}

static char *arguments;
static size_t arguments_len;

void process_remember_arguments(int argc, char **argv)
{
        if (argc < 1)
                return;
        arguments = argv[0];
        /* The kernel stores the arguments one after the other (execve(2)); a replaced element of argv points
         * elsewhere. */
        for (int i = 0; i < argc && argv[i] == arguments + arguments_len; i++)
                arguments_len += strlen(argv[i]) + 1;
}

void process_hide_arguments(const char *name)
{
        if (arguments_len == 0 || !defence_is_on(DEFENCE_ARGUMENTS))
                return;
        size_t len = strlen(name);
        memset(arguments, 0, arguments_len);
        /* The last byte stays 0: otherwise the kernel takes the environment, which follows, for a part of it.
         */
        memcpy(arguments, name, len < arguments_len ? len : arguments_len - 1);
}

int process_fill_standard(void)
{
        /* In the order of their numbers, because open(2) returns the lowest one that is free. */
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
                if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
                        return -errno;
        return 0;
}

void process_leave_group(void)
{
        const struct sigaction ignore = {.sa_handler = SIG_IGN};
        if (!defence_is_on(DEFENCE_GROUP))
                return;
        (void)setpgid(0, 0);
        /* Ignoring a signal discards one that is pending (sigaction(2)). */
        for (int sig = 1; sig < NSIG; sig++)
                if (sig != SIGKILL && sig != SIGSTOP)
                        (void)sigaction(sig, &ignore, NULL);
}

int process_close_from(unsigned first)
{
        return syscall(SYS_close_range, first, ~0U, 0) < 0 ? -errno : 0;
}

int process_keep_only(const int *fds, size_t n)
{
        if (!defence_is_on(DEFENCE_CLOSE_FDS))
                return 0;
        /* Finds the next descriptor to keep each time: there are only few. */
        for (unsigned from = 3;;) {
                unsigned next = ~0U;
                for (size_t i = 0; i < n; i++)
                        if (fds[i] >= 0 && (unsigned)fds[i] >= from && (unsigned)fds[i] < next)
                                next = (unsigned)fds[i];
                if (next == ~0U)
                        return process_close_from(from);
                if (next > from && syscall(SYS_close_range, from, next - 1, 0) < 0)
                        return -errno;
                from = next + 1;
        }
}

/* Files on a tmpfs have seals as well, but cannot be sealed against writing (F_GET_SEALS(2const)). */
static bool is_sealed(int fd)
{
        int seals = fcntl(fd, F_GET_SEALS);
        return seals >= 0 && (seals & F_SEAL_WRITE);
}

int process_program(char *out, size_t room)
{
        CLEANUP_FD int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && is_sealed(fd)) {
                size_t len = strlen(program_invocation_name);
                if (len >= room)
                        return -ENAMETOOLONG;
                memcpy(out, program_invocation_name, len + 1);
                return 0;
        }
        ssize_t n = readlink("/proc/self/exe", out, room);
        if (n < 0)
                return -errno;
        if ((size_t)n >= room)
                return -ENAMETOOLONG;
        out[n] = '\0';
        return 0;
}

/* Creates a copy of @fd that cannot be changed. */
static int make_sealed(int fd, off_t size, int *ret_fd)
{
        /* Kernels since 6.3 warn without MFD_EXEC; older ones refuse it. */
        CLEANUP_FD int copy = memfd_create("kurung", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
        if (copy < 0 && errno == EINVAL)
                copy = memfd_create("kurung", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (copy < 0)
                return -errno;
        for (off_t done = 0; done < size;) {
                ssize_t n = sendfile(copy, fd, NULL, (size_t)(size - done));
                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                done += n;
        }
        if (fcntl(copy, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
                return -errno;
        *ret_fd = TAKE_FD(copy);
        return 0;
}

int process_run_sealed(char **argv)
{
        static char program[PATH_MAX];
        CLEANUP_FD int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        CLEANUP_FD int copy = FD_NONE;
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (is_sealed(fd) || (st.st_uid != geteuid() && access("/proc/self/exe", W_OK) < 0))
                return 0;
        int r = process_program(program, sizeof(program));
        if (r == 0)
                r = make_sealed(fd, st.st_size, &copy);
        if (r < 0)
                return r;
        argv[0] = program;
        process_restore_umask();
        (void)fexecve(copy, argv, environ);
        r = -errno;
        process_tame_umask();
        return r;
}

int process_forbid_core_dumps(bool raisable)
{
        struct rlimit now;
        if (getrlimit(RLIMIT_CORE, &now) < 0)
                return -errno;
        const struct rlimit one = {1, raisable ? now.rlim_max : 1};
        return now.rlim_max == 0 || setrlimit(RLIMIT_CORE, &one) == 0 ? 0 : -errno;
}

/* The name in parentheses may hold anything, so the fields are counted behind the last ')'. */
int process_start_time(pid_t pid, uint64_t *ret)
{
        char path[48];
        CLEANUP_FREE char *text = NULL;
        (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        int r = io_read_file_at(AT_FDCWD, path, 4096, &text, NULL);
        const char *p = r < 0 ? NULL : strrchr(text, ')');
        for (int field = 2; p && field < 22; field++)
                p = strchr(p + 1, ' ');
        if (!p)
                return r < 0 ? r : -EBADMSG;
        *ret = strtoull(p + 1, NULL, 10);
        return 0;
}
