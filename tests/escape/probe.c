/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacker: "probe ATTACK [ARG...]" tries one attack from within a sandbox (or outside, to see that it
 * works there) and prints "escaped" or "held: why". Exit status 0: escaped, 1: held, 2: not tried.
 *
 * It uses raw system calls, so that no library stands between the attack and the kernel.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif

static int escaped(void)
{
        puts("escaped");
        return 0;
}

static int held(const char *why)
{
        printf("held: %s\n", why);
        return 1;
}

/* The verdict of a call that the attack needs. */
static int call(long r)
{
        return r < 0 ? held(strerrorname_np(errno)) : escaped();
}

/* A call counts as refused by the sandbox only with one of these; anything else came from the kernel behind
 * it. */
static int filtered(long r)
{
        if (r < 0 && (errno == EPERM || errno == ENOSYS || errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT))
                return held(strerrorname_np(errno));
        return escaped();
}

static const char *arg(char **argv, int i)
{
        for (int k = 0; k <= i; k++)
                if (!argv[k]) {
                        puts("an argument is missing");
                        exit(2);
                }
        return argv[i];
}

/* Terminal */

/* Types a line into the terminal at fd 0; @argv[0] is the command in hexadecimal, with whatever upper bits.
 */
static int attack_type(char **argv)
{
        unsigned long command = strtoul(arg(argv, 0), NULL, 16);
        for (const char *p = "TYPED-BY-PROBE\n"; *p; p++)
                if (syscall(SYS_ioctl, 0, command, p) < 0)
                        return held(strerrorname_np(errno));
        return escaped();
}

static int attack_ioctl(char **argv)
{
        char subcode[8] = {3};
        return filtered(syscall(SYS_ioctl, 0, strtoul(arg(argv, 0), NULL, 16), subcode));
}

static int attack_i386(char **argv)
{
        (void)argv;
#ifdef __x86_64__
        long r;
        pid_t child = fork();
        if (child == 0) {
                __asm__ volatile("int $0x80" : "=a"(r) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
                _exit(r == getpid() ? 0 : 1);
        }
        int status;
        waitpid(child, &status, 0);
        return status == 0 ? escaped() : held(WIFSIGNALED(status) ? "killed" : "refused");
#else
        puts("not this architecture");
        return 2;
#endif
}

static int attack_x32(char **argv)
{
        (void)argv;
#ifdef __x86_64__
        pid_t child = fork();
        if (child == 0)
                _exit(syscall(0x40000000L + SYS_getpid) == getpid() ? 0 : 1);
        int status;
        waitpid(child, &status, 0);
        return status == 0 ? escaped() : held(WIFSIGNALED(status) ? "killed" : "refused");
#else
        puts("not this architecture");
        return 2;
#endif
}

/* Whether 0-2 and /dev/tty are all of the devpts that is at /dev/pts. */
static int attack_terminals(char **argv)
{
        (void)argv;
        struct stat ours, st;
        if (stat("/dev/pts", &ours) < 0)
                return 2;
        for (int fd = 0; fd < 3; fd++)
                if (isatty(fd) && (fstat(fd, &st) < 0 || st.st_dev != ours.st_dev))
                        return escaped();
        int fd = open("/dev/tty", O_RDWR | O_NOCTTY);
        if (fd < 0)
                return held("no terminal");
        /* The number of the terminal that it stands for, and whether that is ours. */
        unsigned number;
        char path[32];
        struct stat named;
        if (ioctl(fd, TIOCGPTN, &number) < 0) {
                const char *name = ttyname(0);
                if (!name)
                        return escaped();
                snprintf(path, sizeof(path), "%s", name);
        } else {
                snprintf(path, sizeof(path), "/dev/pts/%u", number);
        }
        return stat(path, &named) == 0 && named.st_dev == ours.st_dev ? held("the sandbox's own") : escaped();
}

/* Processes */

/* Sends SIGURG, which harms nobody who does not wait for it, to a whole group (0) or all there are (-1). */
static int attack_kill(char **argv)
{
        return call(kill(atoi(arg(argv, 0)), SIGURG));
}

static int attack_fds(char **argv)
{
        (void)argv;
        for (int fd = 3; fd < 1024; fd++)
                if (fcntl(fd, F_GETFD) >= 0)
                        return escaped();
        return held("none");
}

static int attack_is_host(char **argv)
{
        return call(access(arg(argv, 0), F_OK));
}

static int attack_read(char **argv)
{
        char text[4096];
        int fd = open(arg(argv, 0), O_RDONLY);
        if (fd < 0)
                return held(strerrorname_np(errno));
        ssize_t n = read(fd, text, sizeof(text) - 1);
        if (n < 0)
                return held(strerrorname_np(errno));
        text[n] = '\0';
        for (ssize_t i = 0; i < n; i++)
                if (text[i] == '\0')
                        text[i] = '\n';
        if (argv[1])
                return strstr(text, argv[1]) ? escaped() : held("not in it");
        return n > 0 ? escaped() : held("empty");
}

/* Opens for writing and writes nothing. */
static int attack_open_write(char **argv)
{
        return call(open(arg(argv, 0), O_WRONLY));
}

static int attack_write(char **argv)
{
        int fd = open(arg(argv, 0), O_WRONLY);
        if (fd < 0)
                return held(strerrorname_np(errno));
        return call(write(fd, arg(argv, 1), strlen(argv[1])));
}

static int attack_chmod(char **argv)
{
        return call(chmod(arg(argv, 0), (mode_t)strtoul(arg(argv, 1), NULL, 8)));
}

static int attack_readlink(char **argv)
{
        char text[4096];
        return call(readlink(arg(argv, 0), text, sizeof(text)));
}

static int attack_ptrace(char **argv)
{
        pid_t pid = atoi(arg(argv, 0));
        if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
                return held(strerrorname_np(errno));
        ptrace(PTRACE_DETACH, pid, 0, 0);
        return escaped();
}

static int attack_vm_readv(char **argv)
{
        /* Our own stack's address is nothing in the other process: EFAULT says that we were let in. */
        char here[8];
        struct iovec local = {here, sizeof(here)}, remote = {(void *)8, sizeof(here)};
        long r = syscall(SYS_process_vm_readv, atoi(arg(argv, 0)), &local, 1, &remote, 1, 0);
        return r < 0 && errno != EFAULT ? held(strerrorname_np(errno)) : escaped();
}

static int attack_pidfd_getfd(char **argv)
{
        int pidfd = (int)syscall(SYS_pidfd_open, atoi(arg(argv, 0)), 0);
        if (pidfd < 0)
                return held(strerrorname_np(errno));
        return call(syscall(SYS_pidfd_getfd, pidfd, atoi(arg(argv, 1)), 0));
}

/* Takes another process's descriptors away: whatever it opens from then on fails, and poll(2) with it. */
static int attack_prlimit(char **argv)
{
        const struct rlimit none = {0, 0};
        return call(syscall(SYS_prlimit64, atoi(arg(argv, 0)), RLIMIT_NOFILE, &none, NULL));
}

static int attack_keyctl(char **argv)
{
        (void)argv;
        long r = syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3 /* session */, 1);
        return filtered(r);
}

static int attack_add_key(char **argv)
{
        (void)argv;
        return filtered(syscall(SYS_add_key, "user", "kurung-probe", "x", 1, -2 /* process keyring */));
}

static int attack_request_key(char **argv)
{
        (void)argv;
        return filtered(syscall(SYS_request_key, "user", "kurung-none", NULL, 0));
}

/* Becomes another user, then runs the program at argv[0] and sees whose rights it has. Root only. */
static int attack_setuid_program(char **argv)
{
        const char *program = arg(argv, 0);
        if (setgroups(0, NULL) < 0 || setresgid(1000, 1000, 1000) < 0 || setresuid(1000, 1000, 1000) < 0)
                return 2;
        execl(program, program, "who", (char *)NULL);
        return held(strerrorname_np(errno));
}

static int attack_who(char **argv)
{
        (void)argv;
        struct __user_cap_header_struct {
                unsigned version;
                int pid;
        } header = {0x20080522, 0};
        struct {
                unsigned effective, permitted, inheritable;
        } data[2] = {{0, 0, 0}, {0, 0, 0}};
        if (syscall(SYS_capget, &header, data) < 0)
                return 2;
        if (geteuid() != getuid() || getegid() != getgid() || data[0].permitted || data[1].permitted)
                return escaped();
        return held("nothing gained");
}

/* Kernel surface */

static int attack_unshare(char **argv)
{
        return call(unshare((int)strtoul(arg(argv, 0), NULL, 16)));
}

static int attack_clone_userns(char **argv)
{
        (void)argv;
        long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
        if (pid == 0)
                _exit(0);
        if (pid > 0)
                waitpid((pid_t)pid, NULL, 0);
        return call(pid);
}

static int attack_clone3(char **argv)
{
        (void)argv;
        struct {
                uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
        } args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
        long pid = syscall(SYS_clone3, &args, sizeof(args));
        if (pid == 0)
                _exit(0);
        if (pid > 0)
                waitpid((pid_t)pid, NULL, 0);
        return call(pid);
}

static void *one_thread(void *p)
{
        *(int *)p = 1;
        return NULL;
}

/* No attack: that threads can be made. "escaped" is what is wanted here. */
static int attack_threads(char **argv)
{
        (void)argv;
        int ran = 0;
        pthread_t thread;
        if (pthread_create(&thread, NULL, one_thread, &ran) != 0)
                return held("no thread");
        pthread_join(thread, NULL);
        return ran ? escaped() : held("it did not run");
}

static int attack_setns(char **argv)
{
        int fd = open(arg(argv, 0), O_RDONLY);
        if (fd < 0)
                return held(strerrorname_np(errno));
        return call(syscall(SYS_setns, fd, 0));
}

static int attack_mount(char **argv)
{
        return call(mount("none", arg(argv, 0), "tmpfs", 0, NULL));
}

static int attack_umount(char **argv)
{
        return call(umount2(arg(argv, 0), MNT_DETACH));
}

static int attack_remount(char **argv)
{
        return call(mount(NULL, arg(argv, 0), NULL, MS_REMOUNT | MS_BIND, NULL));
}

static int attack_pivot_root(char **argv)
{
        (void)argv;
        return filtered(syscall(SYS_pivot_root, ".", "."));
}

static int attack_fsopen(char **argv)
{
        (void)argv;
        return call(syscall(430 /* fsopen */, "tmpfs", 0));
}

static int attack_fsmount(char **argv)
{
        (void)argv;
        return filtered(syscall(432 /* fsmount */, -1, 0, 0));
}

static int attack_open_tree(char **argv)
{
        (void)argv;
        return call(syscall(428 /* open_tree */, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */));
}

static int attack_move_mount(char **argv)
{
        (void)argv;
        return filtered(syscall(429 /* move_mount */, -1, "", -1, "", 0));
}

static int attack_mount_setattr(char **argv)
{
        uint64_t attr[4] = {0, 1 /* MOUNT_ATTR_RDONLY */, 0, 0};
        return call(syscall(442 /* mount_setattr */, AT_FDCWD, arg(argv, 0), 0, attr, sizeof(attr)));
}

static int attack_mknod(char **argv)
{
        return call(mknod(arg(argv, 0), S_IFCHR | 0666, makedev(1, 3)));
}

static int attack_socket(char **argv)
{
        return filtered(syscall(SYS_socket, strtoul(arg(argv, 0), NULL, 0), strtoul(arg(argv, 1), NULL, 0),
                                strtoul(arg(argv, 2), NULL, 0)));
}

/* A call with six arguments that no call takes for good. */
static int attack_call(char **argv)
{
        static const struct {
                const char *name;
                long nr;
        } calls[] = {
                {"io_uring_setup", SYS_io_uring_setup},
                {"io_uring_enter", SYS_io_uring_enter},
                {"bpf", SYS_bpf},
                {"perf_event_open", SYS_perf_event_open},
                {"userfaultfd", SYS_userfaultfd},
                {"kexec_load", SYS_kexec_load},
                {"init_module", SYS_init_module},
                {"finit_module", SYS_finit_module},
                {"delete_module", SYS_delete_module},
        };
        for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
                if (strcmp(calls[i].name, arg(argv, 0)) == 0)
                        return filtered(syscall(calls[i].nr, -1L, -1L, -1L, -1L, -1L, -1L));
        return 2;
}

/* Whether what is there is what a mask puts there: an empty directory or the null device. */
static int attack_masked(char **argv)
{
        struct stat st;
        if (lstat(arg(argv, 0), &st) < 0)
                return held(strerrorname_np(errno));
        if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
                return held("the null device");
        if (!S_ISDIR(st.st_mode))
                return escaped();
        DIR *d = opendir(argv[0]);
        if (!d)
                return held(strerrorname_np(errno));
        int n = 0;
        for (struct dirent *e; (e = readdir(d));)
                n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
        closedir(d);
        return n > 0 ? escaped() : held("an empty directory");
}

/* Host IPC */

static int attack_connect(char **argv)
{
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        const char *name = arg(argv, 0);
        size_t len = strlen(name);
        if (len >= sizeof(a.sun_path))
                return 2;
        memcpy(a.sun_path, name, len);
        /* "@name" is an abstract one (unix(7)). */
        if (name[0] == '@')
                a.sun_path[0] = '\0';
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        return call(connect(fd, (struct sockaddr *)&a,
                            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)));
}

static int attack_shm_attach(char **argv)
{
        void *p = shmat(atoi(arg(argv, 0)), NULL, SHM_RDONLY);
        return p == (void *)-1 ? held(strerrorname_np(errno)) : escaped();
}

/* Makes a segment that lasts, and prints its id. */
static int make_shm(char **argv)
{
        (void)argv;
        printf("%d\n", shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600));
        return 0;
}

static int remove_shm(char **argv)
{
        return shmctl(atoi(arg(argv, 0)), IPC_RMID, NULL) < 0;
}

static int make_queue(char **argv)
{
        struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 8};
        return mq_open(arg(argv, 0), O_CREAT | O_RDWR, 0600, &attr) < 0;
}

static int remove_queue(char **argv)
{
        return mq_unlink(arg(argv, 0)) < 0;
}

static int attack_queue(char **argv)
{
        return call(mq_open(arg(argv, 0), O_RDONLY));
}

static int attack_groups(char **argv)
{
        (void)argv;
        gid_t groups[64];
        int n = getgroups(64, groups);
        for (int i = 0; i < n; i++)
                if (groups[i] != getgid())
                        return escaped();
        return held("none");
}

/* Listens at a path or "@name" and says so by a line on fd 1; ends with its parent. */
static int listen_at(char **argv)
{
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        const char *name = arg(argv, 0);
        size_t len = strlen(name);
        memcpy(a.sun_path, name, len < sizeof(a.sun_path) ? len : sizeof(a.sun_path));
        if (name[0] == '@')
                a.sun_path[0] = '\0';
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(fd, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0 ||
            listen(fd, 5) < 0)
                return 2;
        puts("listening");
        fflush(stdout);
        for (;;)
                pause();
        return 2;
}

static volatile sig_atomic_t urgent, ended;

static void got_signal(int sig)
{
        *(sig == SIGURG ? &urgent : &ended) = 1;
}

/* Waits for SIGTERM; prints whether SIGURG came before. Any further words tell it from others. */
static int wait_for_signal(char **argv)
{
        sigset_t both, none;
        (void)argv;
        sigemptyset(&none);
        sigemptyset(&both);
        sigaddset(&both, SIGURG);
        sigaddset(&both, SIGTERM);
        sigprocmask(SIG_BLOCK, &both, NULL);
        signal(SIGURG, got_signal);
        signal(SIGTERM, got_signal);
        puts("ready");
        fflush(stdout);
        /* What is pending is all delivered before sigsuspend(2) returns. */
        while (!ended)
                sigsuspend(&none);
        puts(urgent ? "signalled" : "not signalled");
        return 0;
}

/* Opens 3-50 on a directory, then runs the rest. */
static int with_fds(char **argv)
{
        for (int fd = 3; fd <= 50; fd++) {
                int opened = open(arg(argv, 0), O_RDONLY | O_DIRECTORY);
                if (opened != fd) {
                        dup2(opened, fd);
                        if (opened > 50)
                                close(opened);
                }
        }
        execvp(arg(argv, 1), argv + 1);
        return 2;
}

/*
 * Exchanges two names as fast as it can until the file at argv[2] appears, and at least argv[3] times; prints
 * how often.
 */
static int exchange(char **argv)
{
        const char *a = arg(argv, 0), *b = arg(argv, 1), *stop = arg(argv, 2);
        long least = atol(arg(argv, 3)), n = 0;
        while (n < least || access(stop, F_OK) < 0) {
                if (syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */) < 0)
                        return 2;
                n++;
        }
        printf("%ld\n", n);
        return 0;
}

/* A socket option; 200 zero bytes or the text at argv[2] as its value. */
static int attack_setsockopt(char **argv)
{
        char value[288] = {0};
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (argv[2])
                snprintf(value, sizeof(value), "%s", argv[2]);
        long r = syscall(SYS_setsockopt, fd, strtoul(arg(argv, 0), NULL, 0), strtoul(arg(argv, 1), NULL, 0),
                         value, argv[2] ? strlen(argv[2]) : 216);
        /* ENOPROTOOPT is the filter's answer, but also that of a kernel without it: see attack_if_any. */
        return r < 0 && (errno == ENOPROTOOPT || errno == EPERM || errno == ENOSYS)
                       ? held(strerrorname_np(errno))
                       : escaped();
}

/* A command of ioctl(2) on a socket, or on a fresh pty where argv[1] is "pty". */
static int attack_ioctl_on(char **argv)
{
        char value[256] = {0};
        bool pty = strcmp(arg(argv, 1), "pty") == 0;
        int fd = pty ? open("/dev/ptmx", O_RDWR | O_NOCTTY) : socket(AF_INET, SOCK_DGRAM, 0);
        if (fd < 0)
                return 2;
        return filtered(syscall(SYS_ioctl, fd, strtoul(argv[0], NULL, 0), value));
}

static int attack_socketpair(char **argv)
{
        int fds[2];
        return filtered(syscall(SYS_socketpair, strtoul(arg(argv, 0), NULL, 0),
                                strtoul(arg(argv, 1), NULL, 0), strtoul(arg(argv, 2), NULL, 0), fds));
}

/*
 * Makes the file argv[1] with the mode argv[2] (octal) by the way argv[0] and looks at whether it has a
 * set-user-ID or set-group-ID bit then.
 */
static int attack_set_id(char **argv)
{
        const char *way = arg(argv, 0), *path = arg(argv, 1);
        mode_t mode = (mode_t)strtoul(arg(argv, 2), NULL, 8);
        struct stat st;
        struct {
                uint64_t flags, mode, resolve;
        } how = {O_CREAT | O_WRONLY | O_EXCL, mode, 0};
        long r = 0;
        umask(0);
        unlink(path);
        if (strcmp(way, "open") == 0) {
                r = syscall(SYS_open, path, O_CREAT | O_WRONLY | O_EXCL, mode);
        } else if (strcmp(way, "openat") == 0) {
                r = syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_EXCL, mode);
        } else if (strcmp(way, "openat2") == 0) {
                r = syscall(437, AT_FDCWD, path, &how, sizeof(how));
        } else if (strcmp(way, "creat") == 0) {
                r = syscall(SYS_creat, path, mode);
        } else if (strcmp(way, "mknod") == 0) {
                r = syscall(SYS_mknod, path, S_IFREG | mode, 0);
        } else if (strcmp(way, "mknodat") == 0) {
                r = syscall(SYS_mknodat, AT_FDCWD, path, S_IFREG | mode, 0);
        } else if (strcmp(way, "tmpfile") == 0) {
                char name[64];
                int fd = (int)syscall(SYS_openat, AT_FDCWD, ".", O_TMPFILE | O_WRONLY, mode);
                if (fd < 0)
                        return held(strerrorname_np(errno));
                snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
                r = linkat(AT_FDCWD, name, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
        } else {
                int fd = open(path, O_CREAT | O_RDWR | O_EXCL, 0755);
                if (fd < 0)
                        return 2;
                if (strcmp(way, "chmod") == 0)
                        r = syscall(SYS_chmod, path, mode);
                else if (strcmp(way, "fchmod") == 0)
                        r = syscall(SYS_fchmod, fd, mode);
                else if (strcmp(way, "fchmodat") == 0)
                        r = syscall(SYS_fchmodat, AT_FDCWD, path, mode);
                else if (strcmp(way, "fchmodat2") == 0)
                        r = syscall(452, AT_FDCWD, path, mode, 0);
                else
                        return 2;
        }
        int e = errno;
        if (stat(path, &st) == 0 && (st.st_mode & (S_ISUID | S_ISGID)))
                return escaped();
        return held(r < 0 ? strerrorname_np(e) : "the bit is not there");
}

/* Writes into the file by the way argv[0]; whether its set-user-ID bit is there then. */
static int attack_write_set_id(char **argv)
{
        const char *way = arg(argv, 0);
        struct stat st;
        int fd = open(arg(argv, 1), O_RDWR);
        if (fd < 0)
                return held(strerrorname_np(errno));
        if (strcmp(way, "write") == 0 && pwrite(fd, "x", 1, 0) != 1)
                return held(strerrorname_np(errno));
        if (strcmp(way, "truncate") == 0 && ftruncate(fd, 1) < 0)
                return held(strerrorname_np(errno));
        if (strcmp(way, "map") == 0) {
                char *p = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
                if (p == MAP_FAILED)
                        return held(strerrorname_np(errno));
                *p = 'x';
                munmap(p, 1);
        }
        return fstat(fd, &st) == 0 && (st.st_mode & (S_ISUID | S_ISGID)) ? escaped()
                                                                         : held("the bit is gone");
}

/* Lets a child abort, with the limit of core dumps as far up as it goes, and looks whether it left a core. */
static int attack_core(char **argv)
{
        struct rlimit limit;
        int status;
        (void)argv;
        if (getrlimit(RLIMIT_CORE, &limit) == 0) {
                limit.rlim_cur = limit.rlim_max;
                setrlimit(RLIMIT_CORE, &limit);
        }
        pid_t child = fork();
        if (child == 0)
                abort();
        if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
                return 2;
        return WCOREDUMP(status) ? escaped() : held("no core");
}

/* Whether the limit of core dumps can be taken to 0, which is when the kernel starts a handler on a pipe. */
static int attack_core_limit(char **argv)
{
        struct rlimit none = {0, 0}, now, old;
        (void)argv;
        setrlimit(RLIMIT_CORE, &none);
        syscall(SYS_setrlimit, RLIMIT_CORE, &none);
        syscall(SYS_prlimit64, 0, RLIMIT_CORE, &none, &old);
        syscall(SYS_prlimit64, getpid(), RLIMIT_CORE | (1UL << 32), &none, NULL);
        if (getrlimit(RLIMIT_CORE, &now) < 0)
                return 2;
        return now.rlim_cur == 1 && now.rlim_max == 1 ? held("1") : escaped();
}

static const struct {
        const char *name;
        int (*run)(char **argv);
} attacks[] = {
        {"type", attack_type},
        {"ioctl", attack_ioctl},
        {"i386", attack_i386},
        {"x32", attack_x32},
        {"terminals", attack_terminals},
        {"kill", attack_kill},
        {"fds", attack_fds},
        {"is-host", attack_is_host},
        {"read", attack_read},
        {"open-write", attack_open_write},
        {"write", attack_write},
        {"chmod", attack_chmod},
        {"readlink", attack_readlink},
        {"ptrace", attack_ptrace},
        {"vm-readv", attack_vm_readv},
        {"pidfd-getfd", attack_pidfd_getfd},
        {"prlimit", attack_prlimit},
        {"keyctl", attack_keyctl},
        {"add-key", attack_add_key},
        {"request-key", attack_request_key},
        {"setuid-program", attack_setuid_program},
        {"who", attack_who},
        {"unshare", attack_unshare},
        {"clone-userns", attack_clone_userns},
        {"clone3", attack_clone3},
        {"threads", attack_threads},
        {"setns", attack_setns},
        {"mount", attack_mount},
        {"umount", attack_umount},
        {"remount", attack_remount},
        {"pivot-root", attack_pivot_root},
        {"fsopen", attack_fsopen},
        {"fsmount", attack_fsmount},
        {"open-tree", attack_open_tree},
        {"move-mount", attack_move_mount},
        {"mount-setattr", attack_mount_setattr},
        {"mknod", attack_mknod},
        {"socket", attack_socket},
        {"call", attack_call},
        {"masked", attack_masked},
        {"connect", attack_connect},
        {"shm-attach", attack_shm_attach},
        {"make-shm", make_shm},
        {"remove-shm", remove_shm},
        {"make-queue", make_queue},
        {"remove-queue", remove_queue},
        {"queue", attack_queue},
        {"groups", attack_groups},
        {"listen", listen_at},
        {"wait-for-signal", wait_for_signal},
        {"with-fds", with_fds},
        {"exchange", exchange},
        {"setsockopt", attack_setsockopt},
        {"ioctl-on", attack_ioctl_on},
        {"socketpair", attack_socketpair},
        {"set-id", attack_set_id},
        {"write-set-id", attack_write_set_id},
        {"core", attack_core},
        {"core-limit", attack_core_limit},
};

/* The first line of a file of pid 1, or the one that begins with @key. */
static bool init_line(const char *name, const char *key, char *line, int room)
{
        char path[32];
        bool found = false;
        (void)snprintf(path, sizeof(path), "/proc/1/%s", name);
        FILE *f = fopen(path, "re");
        while (f && !found && fgets(line, room, f))
                found = strncmp(line, key, strlen(key)) == 0;
        if (f)
                (void)fclose(f);
        return found;
}

/*
 * Waits until pid 1 of a sandbox is its init, at most a minute. It and the payload start at the same time,
 * and until it has dropped its capabilities the kernel protects it from a payload that has fewer (ptrace(2)),
 * whatever defence is off.
 */
static void wait_for_init(void)
{
        char comm[32], caps[64];
        for (int i = 0; i < 60000; i++) {
                if (!init_line("comm", "kurung", comm, sizeof(comm)) ||
                    !init_line("status", "CapPrm:", caps, sizeof(caps)) ||
                    strtoull(caps + strlen("CapPrm:"), NULL, 16) == UINT64_C(1) << CAP_KILL)
                        return;
                (void)poll(NULL, 0, 1);
        }
}

static bool attacks_init(char **argv)
{
        for (; *argv; argv++)
                if (strcmp(*argv, "1") == 0 || strncmp(*argv, "/proc/1/", strlen("/proc/1/")) == 0)
                        return true;
        return false;
}

int main(int argc, char **argv)
{
        if (argc > 2 && attacks_init(argv + 2))
                wait_for_init();
        for (size_t i = 0; argc > 1 && i < sizeof(attacks) / sizeof(*attacks); i++)
                if (strcmp(attacks[i].name, argv[1]) == 0)
                        return attacks[i].run(argv + 2);
        puts("unknown attack");
        return 2;
}
