/* SPDX-License-Identifier: Apache-2.0 */
/* Each filter is compiled, loaded into a child, and asked. */
#include "unit.h"

#include "base/io.h"
#include "base/process.h"
#include "mech/seccomp.h"

#include <asm/ioctls.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static char dir[64];

/* Runs @body under a filter; what it returns is what the child exits with. */
static int under(SeccompKind kind, const char *file, int (*body)(void))
{
        CLEANUP(seccomp_filter_clear) SeccompFilter filter = {0};
        PlanPrivileges privileges = {.seccomp = kind, .seccomp_file = (char *)(uintptr_t)file};
        Error err = {0};
        int pidfd, status;
        if (seccomp_prepare(&privileges, dir, &filter, &err) < 0)
                fail_msg("%s", err.text);
        pid_t pid = process_clone(0, &pidfd);
        if (pid == 0) {
                /* A fault ends it: cmocka would catch it, and go on with the tests in here. */
                process_reset_signals();
                if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_apply(&filter, &err) < 0)
                        _exit(100);
                /* Not _exit(3): a sanitizer's would make calls that the filter refuses. */
                (void)syscall(SYS_exit_group, body());
        }
        assert_true(pid > 0);
        assert_int_equal(process_wait(pidfd, &status), 0);
        fd_close(pidfd);
        return process_exit_code(status);
}

static const char *write_list(const char *text)
{
        static char path[100];
        (void)snprintf(path, sizeof(path), "%s/list", dir);
        CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
        return path;
}

static int answer(long r)
{
        return r >= 0 ? 0 : errno;
}

#define BODY(name, expression)                                                                               \
        static int name(void)                                                                                \
        {                                                                                                    \
                return answer(expression);                                                                   \
        }

BODY(sti, syscall(SYS_ioctl, 0, TIOCSTI, "x"))
BODY(sti_high_bits, syscall(SYS_ioctl, 0, TIOCSTI | (1UL << 32), "x"))
BODY(sti_sign_extended, syscall(SYS_ioctl, 0, TIOCSTI | 0xffffffff00000000UL, "x"))
BODY(tioclinux, syscall(SYS_ioctl, 0, TIOCLINUX | (7UL << 40), "x"))
BODY(other_ioctl, syscall(SYS_ioctl, 0, FIONBIO, NULL))
BODY(new_userns, unshare(CLONE_NEWUSER))
BODY(clone_userns, syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0))
BODY(unshare_files, unshare(CLONE_FILES))
BODY(clone3_call, syscall(SYS_clone3, NULL, 0))
BODY(no_such_call, syscall(1000))
BODY(mount_call, syscall(SYS_mount, 0, 0, 0, 0, 0))
BODY(open_tree_call, syscall(SYS_open_tree, -1, "", 0))
BODY(bpf_call, syscall(SYS_bpf, 0, 0, 0))
BODY(io_uring, syscall(SYS_io_uring_setup, 1, NULL))
BODY(keyctl_call, syscall(SYS_keyctl, 0, 0, 0, 0, 0))
BODY(packet, socket(AF_PACKET, SOCK_RAW, 0))
BODY(vsock, socket(AF_VSOCK, SOCK_STREAM, 0))
BODY(alg, socket(AF_ALG, SOCK_SEQPACKET, 0))
BODY(family_high_bits, syscall(SYS_socket, AF_ALG | (1UL << 32), SOCK_SEQPACKET, 0))
BODY(unix_high_bits, syscall(SYS_socket, AF_UNIX | (1UL << 32), SOCK_STREAM, 0))
BODY(packet_by_inet, socket(AF_INET, SOCK_PACKET, 0))
BODY(mptcp, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 262))
BODY(udplite_high_bits,
     syscall(SYS_socket, AF_INET6 | (1UL << 32), SOCK_DGRAM | (1UL << 33), 136 | (1UL << 40)))
BODY(raw, socket(AF_INET, SOCK_RAW, 1))
BODY(unspecified_pair, syscall(SYS_socketpair, AF_UNSPEC, SOCK_STREAM, 0, 0))
BODY(line_discipline, syscall(SYS_ioctl, 0, TIOCSETD | (1UL << 32), "x"))
BODY(bridge, syscall(SYS_ioctl, 0, 0x8940, "x"))
BODY(upper_layer_protocol, setsockopt(0, 6, 31, "tls", 3))
BODY(congestion, setsockopt(-1, 6, 13, "reno", 4))
BODY(netfilter, socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER))
BODY(route, socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE))
BODY(inet, socket(AF_INET6, SOCK_STREAM, 0))
BODY(trace_me, ptrace(PTRACE_TRACEME, 0, 0, 0))
BODY(make_node, mknod("/nonexistent/x", S_IFIFO, 0))
BODY(make_device, mknod("/nonexistent/x", S_IFCHR, 0x103))
BODY(get_uid, getuid())
BODY(execution_domain, syscall(SYS_personality, 0x0400000))
BODY(execution_domain_ask, syscall(SYS_personality, 0xffffffff))

static void *nothing(void *arg)
{
        return arg;
}

static int ordinary_things(void)
{
        pthread_t thread;
        int fds[2], status;
        if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0)
                return 1;
        if (pipe(fds) < 0 || open("/etc/passwd", O_RDONLY) < 0)
                return 2;
        pid_t pid = fork();
        if (pid == 0) {
                (void)execl("/bin/true", "true", (char *)NULL);
                _exit(3);
        }
        return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 4;
}

static void the_default_refuses_what_is_dangerous(void **state)
{
        static const struct {
                int (*body)(void);
                int expected;
        } cases[] = {
                {sti, EPERM},
                {sti_high_bits, EPERM},
                {sti_sign_extended, EPERM},
                {tioclinux, EPERM},
                {new_userns, EPERM},
                {clone_userns, EPERM},
                {clone3_call, ENOSYS},
                {no_such_call, ENOSYS},
                {mount_call, EPERM},
                {open_tree_call, EPERM},
                {bpf_call, EPERM},
                {io_uring, EPERM},
                {keyctl_call, EPERM},
                {packet, EAFNOSUPPORT},
                {vsock, EAFNOSUPPORT},
                {alg, EAFNOSUPPORT},
                {family_high_bits, EAFNOSUPPORT},
                {unix_high_bits, 0}, /* the kernel does not look at them */
                {packet_by_inet, EPROTONOSUPPORT},
                {mptcp, EPROTONOSUPPORT},
                {udplite_high_bits, EPROTONOSUPPORT},
                {raw, EPERM},
                {unspecified_pair, EAFNOSUPPORT},
                {line_discipline, EPERM},
                {bridge, EPERM},
                {upper_layer_protocol, ENOPROTOOPT},
                {netfilter, EPROTONOSUPPORT},
                {execution_domain, ENOSYS},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++)
                if (under(SECCOMP_DEFAULT, NULL, cases[i].body) != cases[i].expected)
                        fail_msg("case %zu: %d, expected %d", i, under(SECCOMP_DEFAULT, NULL, cases[i].body),
                                 cases[i].expected);
}

static void the_default_lets_ordinary_programs_be(void **state)
{
        (void)state;
        assert_int_equal(under(SECCOMP_DEFAULT, NULL, ordinary_things), 0);
        assert_int_equal(under(SECCOMP_DEFAULT, NULL, route), 0);
        assert_int_equal(under(SECCOMP_DEFAULT, NULL, inet), 0);
        assert_int_equal(under(SECCOMP_DEFAULT, NULL, unshare_files), 0);
        assert_int_equal(under(SECCOMP_DEFAULT, NULL, trace_me), 0);
        assert_int_equal(under(SECCOMP_DEFAULT, NULL, make_node), ENOENT);
        assert_int_equal(under(SECCOMP_DEFAULT, NULL, execution_domain_ask), 0);
        assert_int_not_equal(under(SECCOMP_DEFAULT, NULL, other_ioctl), EPERM);
        assert_int_equal(under(SECCOMP_DEFAULT, NULL, congestion), EBADF);
}

/* Whoever limits core dumps is told that it is done; the limit stays as it was, and others can be set. */
static int core_limit_stays(void)
{
        struct rlimit before, after, none = {0, 0};
        if (getrlimit(RLIMIT_CORE, &before) < 0 || before.rlim_cur == 0)
                return 10;
        if (setrlimit(RLIMIT_CORE, &none) < 0 || syscall(SYS_setrlimit, RLIMIT_CORE, &none) < 0)
                return 11;
        if (getrlimit(RLIMIT_CORE, &after) < 0 || after.rlim_cur != before.rlim_cur)
                return 12;
        if (syscall(SYS_prlimit64, 0, RLIMIT_CORE | (1UL << 32), &none, &before) >= 0 || errno != EPERM)
                return 13;
        if (getrlimit(RLIMIT_MSGQUEUE, &after) < 0)
                return 14;
        after.rlim_cur = 0;
        return setrlimit(RLIMIT_MSGQUEUE, &after) < 0 ? 15 : 0;
}

static void the_core_limit_can_not_be_lowered(void **state)
{
        struct rlimit before, one = {1, 1};
        (void)state;
        assert_int_equal(getrlimit(RLIMIT_CORE, &before), 0);
        if (before.rlim_max < 1) {
                print_message("the hard limit of core dumps is 0 here\n");
                skip();
        }
        one.rlim_max = before.rlim_max;
        assert_int_equal(setrlimit(RLIMIT_CORE, &one), 0);
        int r = under(SECCOMP_DEFAULT, NULL, core_limit_stays);
        assert_int_equal(setrlimit(RLIMIT_CORE, &before), 0);
        assert_int_equal(r, 0);
}

/* A limit of a process that is named: by its own pid, by its parent's, with bits that the kernel ignores. */
static int others_limits_stay(void)
{
        const long pids[] = {getpid(), getppid(), getpid() | (1L << 32), -1};
        struct rlimit now, others, *nowhere = (struct rlimit *)(UINT64_C(1) << 32);
        if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &now) < 0)
                return 10;
        for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
                if (syscall(SYS_prlimit64, pids[i], RLIMIT_NOFILE, &now, NULL) >= 0 || errno != EPERM)
                        return 11;
                /* Where only the upper half of the address says that there is a new limit. */
                if (syscall(SYS_prlimit64, pids[i], RLIMIT_NOFILE, nowhere, NULL) >= 0 || errno != EPERM)
                        return 12;
                if (syscall(SYS_prlimit64, pids[i], RLIMIT_CORE, &now, NULL) >= 0 || errno != EPERM)
                        return 13;
        }
        if (syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, NULL, &others) < 0)
                return 14;
        if (syscall(SYS_prlimit64, getpid(), RLIMIT_CORE, NULL, &others) < 0)
                return 15;
        /* One's own, and nothing changes by what stands above the lower half. */
        now.rlim_cur--;
        if (setrlimit(RLIMIT_NOFILE, &now) < 0)
                return 16;
        return syscall(SYS_prlimit64, 1L << 32, RLIMIT_NOFILE, &now, &now) < 0 ? 17 : 0;
}

static void the_limits_of_others_can_not_be_changed(void **state)
{
        (void)state;
        assert_int_equal(under(SECCOMP_DEFAULT, NULL, others_limits_stay), 0);
        assert_int_equal(under(SECCOMP_STRICT, NULL, others_limits_stay), 0);
        assert_int_equal(under(SECCOMP_FILE, write_list("prlimit64\ngetpid\ngetppid\n"), others_limits_stay),
                         0);
}

static void strict_refuses_more(void **state)
{
        (void)state;
        assert_int_equal(under(SECCOMP_STRICT, NULL, ordinary_things), 0);
        assert_int_equal(under(SECCOMP_STRICT, NULL, trace_me), EPERM);
        assert_int_equal(under(SECCOMP_STRICT, NULL, make_node), ENOENT);
        assert_int_equal(under(SECCOMP_STRICT, NULL, make_device), EPERM);
        assert_int_equal(under(SECCOMP_STRICT, NULL, route), EAFNOSUPPORT);
        assert_int_equal(under(SECCOMP_STRICT, NULL, sti_high_bits), EPERM);
        assert_int_equal(under(SECCOMP_STRICT, NULL, inet), 0);
}

#ifdef __x86_64__
static int i386_getpid(void)
{
        long r;
        __asm__ volatile("int $0x80" : "=a"(r) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
        return r == -ENOSYS ? ENOSYS : 0;
}

BODY(x32_getpid, syscall(0x40000000L + SYS_getpid))
#endif

static void other_architectures_have_no_calls(void **state)
{
        (void)state;
#ifdef __x86_64__
        int r = under(SECCOMP_DEFAULT, NULL, i386_getpid);
        assert_true(r == ENOSYS || r >= 128);
        r = under(SECCOMP_DEFAULT, NULL, x32_getpid);
        assert_true(r == ENOSYS || r >= 128);
#endif
}

static void a_file_allows_exactly_its_calls(void **state)
{
        const char *path = write_list("# mine\ngetuid\nioctl # not TIOCSTI\n\n");
        (void)state;
        assert_int_equal(under(SECCOMP_FILE, path, get_uid), 0);
        assert_int_equal(under(SECCOMP_FILE, path, inet), ENOSYS);
        assert_int_equal(under(SECCOMP_FILE, path, sti_high_bits), EPERM);
}

static void a_bad_file_is_named_with_its_line(void **state)
{
        CLEANUP(seccomp_filter_clear) SeccompFilter filter = {0};
        PlanPrivileges privileges = {.seccomp = SECCOMP_FILE};
        Error err = {0};
        (void)state;
        privileges.seccomp_file = (char *)(uintptr_t)write_list("read\nwriteee\n");
        assert_int_equal(seccomp_prepare(&privileges, NULL, &filter, &err), -EINVAL);
        assert_non_null(strstr(err.text, "list:2: unknown system call 'writeee'"));
}

/* The one file of the cache. */
static void cache_path(char *out, size_t room)
{
        char cache[80];
        (void)snprintf(cache, sizeof(cache), "%s/seccomp", dir);
        DIR *d = opendir(cache);
        assert_non_null(d);
        out[0] = '\0';
        for (struct dirent *e; (e = readdir(d));)
                if (strstr(e->d_name, ".bpf"))
                        (void)snprintf(out, room, "%s/%.80s", cache, e->d_name);
        (void)closedir(d);
        assert_true(out[0] != '\0');
}

/* Whether a filter that comes from the cache now is the real one. */
static bool cache_is_refused(void)
{
        return under(SECCOMP_DEFAULT, NULL, mount_call) == EPERM &&
               under(SECCOMP_DEFAULT, NULL, ordinary_things) == 0;
}

static void the_cache_is_not_believed_blindly(void **state)
{
        char path[256];
        (void)state;
        assert_int_equal(under(SECCOMP_DEFAULT, NULL, get_uid), 0);
        cache_path(path, sizeof(path));
        struct stat before, after;
        assert_int_equal(stat(path, &before), 0);
        assert_true(cache_is_refused());
        assert_int_equal(stat(path, &after), 0);
        assert_int_equal(before.st_ino, after.st_ino); /* it was taken from the cache */

        assert_int_equal(truncate(path, before.st_size - 8), 0);
        assert_true(cache_is_refused());
        assert_int_equal(stat(path, &after), 0);
        assert_int_equal(before.st_size, after.st_size); /* made anew */

        CLEANUP_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
        /* Somewhere in the program: one that lets everything through would begin like that. */
        assert_int_equal(pwrite(fd, "\x06\0\0\0\0\0\xff\x7f", 8, 48), 8);
        assert_true(cache_is_refused());

        cache_path(path, sizeof(path));
        assert_int_equal(chmod(path, 0666), 0);
        assert_true(cache_is_refused());
        assert_int_equal(stat(path, &after), 0);
        assert_int_equal(after.st_mode & 0777, 0600);

        char other[300];
        (void)snprintf(other, sizeof(other), "%s.link", path);
        assert_int_equal(rename(path, other), 0);
        assert_int_equal(symlink(other, path), 0);
        assert_true(cache_is_refused());
        assert_int_equal(lstat(path, &after), 0);
        assert_true(S_ISREG(after.st_mode));
}

static int make_dir(void **state)
{
        (void)state;
        (void)snprintf(dir, sizeof(dir), "/var/tmp/kurung-unit.XXXXXX");
        return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
        (void)state;
        return io_remove_tree_at(AT_FDCWD, dir);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(the_default_refuses_what_is_dangerous),
                TEST(the_default_lets_ordinary_programs_be),
                TEST(the_core_limit_can_not_be_lowered),
                TEST(the_limits_of_others_can_not_be_changed),
                TEST(strict_refuses_more),
                TEST(other_architectures_have_no_calls),
                TEST(a_file_allows_exactly_its_calls),
                TEST(a_bad_file_is_named_with_its_line),
                TEST(the_cache_is_not_believed_blindly),
        };
        return RUN_TESTS(tests);
}
