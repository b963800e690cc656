/* SPDX-License-Identifier: Apache-2.0 */
/* Lists the allowed and refused system calls. */
#include "mech/seccomp_policy.h"

#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/fscrypt.h>
#include <linux/fsverity.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

const SeccompGroup seccomp_refused[] = {
        {"mounts and roots", false,
         NAMES("mount", "umount", "umount2", "pivot_root", "fsopen", "fsmount", "fsconfig", "fspick",
               "open_tree", "open_tree_attr", "move_mount", "mount_setattr", "setns")},
        {"kernel surface that ordinary programs do without", false,
         NAMES("bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
               "io_uring_register", "fanotify_init", "fanotify_mark", "lookup_dcookie", "nfsservctl",
               "uselib", "vm86", "vm86old", "modify_ldt", "memfd_secret", "remap_file_pages")},
        {"keyrings: not namespaced", false, NAMES("keyctl", "add_key", "request_key")},
        {"modules and kernels", false,
         NAMES("init_module", "finit_module", "delete_module", "create_module", "get_kernel_syms",
               "query_module", "kexec_load", "kexec_file_load", "reboot")},
        {"the machine", false,
         NAMES("swapon", "swapoff", "settimeofday", "clock_settime", "clock_settime64", "clock_adjtime",
               "clock_adjtime64", "adjtimex", "stime", "acct", "iopl", "ioperm", "syslog", "vhangup",
               "quotactl", "quotactl_fd", "sethostname", "setdomainname", "move_pages", "migrate_pages",
               "_sysctl")},
        {"other processes' descriptors, and files without their paths", false,
         NAMES("pidfd_getfd", "open_by_handle_at", "kcmp")},
        {"strict: other processes' memory", true,
         NAMES("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease",
               "pidfd_open")},
        {"strict: changing the root, execution domains", true,
         NAMES("chroot", "personality", "name_to_handle_at", "seccomp", "mq_open", "mq_unlink", "mlockall",
               "unshare", "get_mempolicy", "set_mempolicy", "mbind")},
};
const size_t seccomp_refused_n = ARRAY_LEN(seccomp_refused);

const SeccompGroup seccomp_allowed[] = {
        {"reading and writing", true,
         NAMES("read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2",
               "pwritev2", "lseek", "_llseek", "sendfile", "sendfile64", "splice", "tee", "vmsplice",
               "copy_file_range", "readahead", "fadvise64", "fadvise64_64", "arm_fadvise64_64",
               "sync_file_range", "sync_file_range2", "fsync", "fdatasync", "sync", "syncfs", "msync",
               "ftruncate", "ftruncate64", "truncate", "truncate64", "fallocate", "cachestat")},
        {"files", true,
         NAMES("open", "openat", "openat2", "creat", "close", "close_range", "access", "faccessat",
               "faccessat2", "stat", "lstat", "fstat", "stat64", "lstat64", "fstat64", "fstatat64",
               "newfstatat", "statx", "statfs", "statfs64", "fstatfs", "fstatfs64", "ustat", "getcwd",
               "chdir", "fchdir", "getdents", "getdents64", "readlink", "readlinkat", "mkdir", "mkdirat",
               "rmdir", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "rename", "renameat",
               "renameat2", "umask", "utime", "utimes", "utimensat", "utimensat_time64", "futimesat", "flock",
               "fcntl", "fcntl64", "dup", "dup2", "dup3", "pipe", "pipe2", "ioctl", "memfd_create",
               "name_to_handle_at")},
        {"owners, modes, attributes", true,
         NAMES("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "chown32",
               "fchown32", "lchown32", "getxattr", "lgetxattr", "fgetxattr", "setxattr", "lsetxattr",
               "fsetxattr", "listxattr", "llistxattr", "flistxattr", "removexattr", "lremovexattr",
               "fremovexattr", "getxattrat", "setxattrat", "listxattrat", "removexattrat", "mknod",
               "mknodat")},
        {"waiting and events", true,
         NAMES("poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64",
               "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_wait", "epoll_wait_old",
               "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "signalfd", "signalfd4",
               "timerfd_create", "timerfd_settime", "timerfd_settime64", "timerfd_gettime",
               "timerfd_gettime64", "inotify_init", "inotify_init1", "inotify_add_watch",
               "inotify_rm_watch")},
        /* Without io_setup(2) and related calls: contexts are counted for the whole machine (fs.aio-max-nr),
         * and programs work without them on kernels that lack them. */
        {"memory", true,
         NAMES("brk", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "mincore", "mlock",
               "mlock2", "mlockall", "munlock", "munlockall", "membarrier", "pkey_alloc", "pkey_free",
               "pkey_mprotect", "get_mempolicy", "set_mempolicy", "set_mempolicy_home_node", "mbind",
               "map_shadow_stack", "mseal")},
        {"processes and threads", true,
         NAMES("execve", "execveat", "exit", "exit_group", "fork", "vfork", "clone", "unshare", "wait4",
               "waitid", "waitpid", "kill", "tkill", "tgkill", "pidfd_open", "pidfd_send_signal", "getpid",
               "getppid", "gettid", "getpgid", "getpgrp", "setpgid", "getsid", "setsid", "set_tid_address",
               "set_robust_list", "get_robust_list", "rseq", "futex", "futex_time64", "futex_waitv",
               "futex_wake", "futex_wait", "futex_requeue", "arch_prctl", "set_thread_area",
               "get_thread_area", "prctl", "process_madvise", "process_mrelease", "restart_syscall", "pause",
               "seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
               "chroot")},
        {"signals", true,
         NAMES("rt_sigaction", "rt_sigprocmask", "rt_sigpending", "rt_sigqueueinfo", "rt_sigreturn",
               "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo", "sigaction",
               "sigprocmask", "sigpending", "sigreturn", "sigsuspend", "signal", "sigaltstack", "alarm",
               "getitimer", "setitimer")},
        {"ids and capabilities", true,
         NAMES("getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "getuid32",
               "geteuid32", "getgid32", "getegid32", "getresuid32", "getresgid32", "getgroups32", "setuid",
               "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
               "setgroups", "setuid32", "setgid32", "setreuid32", "setregid32", "setresuid32", "setresgid32",
               "setfsuid32", "setfsgid32", "setgroups32", "capget", "capset")},
        {"time", true,
         NAMES("time", "gettimeofday", "clock_gettime", "clock_gettime64", "clock_getres",
               "clock_getres_time64", "clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "times",
               "timer_create", "timer_delete", "timer_settime", "timer_settime64", "timer_gettime",
               "timer_gettime64", "timer_getoverrun")},
        {"scheduling and limits", true,
         NAMES("sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getparam", "sched_setparam",
               "sched_getscheduler", "sched_setscheduler", "sched_getattr", "sched_setattr",
               "sched_get_priority_max", "sched_get_priority_min", "sched_rr_get_interval",
               "sched_rr_get_interval_time64", "getpriority", "setpriority", "ioprio_get", "ioprio_set",
               "nice", "getrlimit", "setrlimit", "ugetrlimit", "prlimit64", "getrusage", "getcpu")},
        {"sockets", true,
         NAMES("socket", "socketpair", "socketcall", "bind", "listen", "accept", "accept4", "connect",
               "getsockname", "getpeername", "getsockopt", "setsockopt", "send", "sendto", "sendmsg",
               "sendmmsg", "recv", "recvfrom", "recvmsg", "recvmmsg", "recvmmsg_time64", "shutdown")},
        {"System V and POSIX messages, in a namespace of their own", true,
         NAMES("ipc", "msgget", "msgsnd", "msgrcv", "msgctl", "semget", "semop", "semctl", "semtimedop",
               "semtimedop_time64", "shmget", "shmat", "shmdt", "shmctl", "mq_open", "mq_unlink",
               "mq_timedsend", "mq_timedsend_time64", "mq_timedreceive", "mq_timedreceive_time64",
               "mq_notify", "mq_getsetattr")},
        {"the system", true, NAMES("uname", "olduname", "oldolduname", "sysinfo", "getrandom", "sysfs")},
        {"looking into one's own processes", false, NAMES("ptrace", "process_vm_readv", "process_vm_writev")},
        {"other architectures' own", true,
         NAMES("breakpoint", "cacheflush", "set_tls", "get_tls", "usr26", "usr32", "riscv_flush_icache",
               "riscv_hwprobe", "s390_pci_mmio_read", "s390_pci_mmio_write", "s390_runtime_instr",
               "swapcontext", "switch_endian", "sync_file_range2")},
};
const size_t seccomp_allowed_n = ARRAY_LEN(seccomp_allowed);

#define CLONE_NEWTIME_FLAG 0x80
/* The lowest byte of clone(2)'s flags is the signal, so only unshare(2) can create CLONE_NEWTIME. */
#define CLONE_NAMESPACES                                                                                     \
        (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |           \
         CLONE_NEWCGROUP)

/* On these, clone(2) takes the stack first ("C library/kernel differences"). */
#if defined(__s390__) || defined(__CRIS__)
#define CLONE_FLAGS_ARG 1
#else
#define CLONE_FLAGS_ARG 0
#endif

#define TYPE_MASK 0xf /* of socket(2)'s type; SOCK_CLOEXEC and SOCK_NONBLOCK are above */
#define SET_ID (S_ISUID | S_ISGID)
/* open(2) has a mode only with these; __O_TMPFILE is O_TMPFILE without O_DIRECTORY. */
#define MAKES_FILE (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))

/* Subcalls of socketcall(2), numbers of setsockopt(2) (linux/net.h, linux/tcp.h): some headers lack some of
 * them. */
enum {
        SOCKETCALL_SOCKET = 1,
        SOCKETCALL_SOCKETPAIR = 8,
        SOCKETCALL_SETSOCKOPT = 14,
        OPT_TCP_MD5SIG = 14,
        OPT_TCP_ULP = 31,
        OPT_TCP_MD5SIG_EXT = 32,
        OPT_TCP_AO_ADD_KEY = 38,
        IP_ICMP = 1,
        IP_TCP = 6,
        IP_UDP = 17,
        IP_ICMPV6 = 58,
};

#define IS(arg, value)                                                                                       \
        {                                                                                                    \
                SECCOMP_EQUAL, arg, ~0U, value                                                               \
        }
#define NOT(arg, value)                                                                                      \
        {                                                                                                    \
                SECCOMP_NOT_EQUAL, arg, ~0U, value                                                           \
        }
#define MASKED(arg, mask, value)                                                                             \
        {                                                                                                    \
                SECCOMP_EQUAL, arg, mask, value                                                              \
        }
#define HAS(arg, bits)                                                                                       \
        {                                                                                                    \
                SECCOMP_ANY_BIT, arg, bits, 0                                                                \
        }
#define ZERO(arg)                                                                                            \
        {                                                                                                    \
                SECCOMP_NULL, arg, 0, 0                                                                      \
        }
#define TYPE(type) MASKED(1, TYPE_MASK, type)

/* clang-format off */
const SeccompRule seccomp_rules[] = {
        /* Namespaces. */
        {"clone", EPERM, 0, 0, 1, {HAS(CLONE_FLAGS_ARG, CLONE_NAMESPACES)}},
        {"unshare", EPERM, 0, 0, 1, {HAS(0, CLONE_NAMESPACES | CLONE_NEWTIME_FLAG)}},

        /*
         * Terminals: simulated input. Also commands with which any process can load a module: a line
         * discipline (tty_ldisc_get()), SIOCGIFBR and SIOCSIFBR (bridge), SIOC*DLCI, SIOCGIFVLAN and
         * SIOCSIFVLAN (dlci, 8021q), SIOCBR* (bridge), all in sock_ioctl() before any check of capabilities;
         * hashes and ciphers for encrypted and verified files, whose keys belong to the whole file system.
         */
        {"ioctl", EPERM, 0, 0, 1, {IS(1, TIOCSTI)}},
        {"ioctl", EPERM, 0, 0, 1, {IS(1, TIOCLINUX)}},
        {"ioctl", EPERM, 0, 0, 1, {IS(1, TIOCSETD)}},
        {"ioctl", EPERM, 0, 0, 1, {IS(1, FS_IOC_SET_ENCRYPTION_POLICY)}},
        {"ioctl", EPERM, 0, 0, 1, {IS(1, FS_IOC_ADD_ENCRYPTION_KEY)}},
        {"ioctl", EPERM, 0, 0, 1, {IS(1, FS_IOC_ENABLE_VERITY)}},
        {"ioctl", EPERM, 0, 0, 1, {MASKED(1, ~1U, 0x8940)}},
        {"ioctl", EPERM, 0, 0, 1, {MASKED(1, ~3U, 0x8980)}},
        {"ioctl", EPERM, 0, 0, 1, {MASKED(1, ~3U, 0x89a0)}},

        /*
         * Sockets: for other protocols, the kernel would search modules (net-pf-FAMILY-proto-N-type-N: SCTP,
         * DCCP, L2TP, SMC...), and MPTCP and UDPLITE are rarely used code. The families INET and INET6 differ
         * in one bit. SOCK_PACKET of INET would be AF_PACKET (__sock_create()).
         */
        {"socket", SECCOMP_PASS, 0, 0, 1, {IS(0, AF_UNIX)}},
        {"socket", SECCOMP_PASS, 0, SECCOMP_WHEN_STRICT, 2, {IS(0, AF_NETLINK), IS(2, 0 /* ROUTE */)}},
        {"socket", EPROTONOSUPPORT, 0, SECCOMP_WHEN_STRICT, 1, {IS(0, AF_NETLINK)}},
        {"socket", EAFNOSUPPORT, 0, 0, 1, {{SECCOMP_NOT_EQUAL, 0, ~(uint32_t)(AF_INET ^ AF_INET6), AF_INET}}},
        {"socket", SECCOMP_PASS, 0, 0, 2, {TYPE(SOCK_STREAM), IS(2, 0)}},
        {"socket", SECCOMP_PASS, 0, 0, 2, {TYPE(SOCK_STREAM), IS(2, IP_TCP)}},
        {"socket", SECCOMP_PASS, 0, 0, 2, {TYPE(SOCK_DGRAM), IS(2, 0)}},
        {"socket", SECCOMP_PASS, 0, 0, 2, {TYPE(SOCK_DGRAM), IS(2, IP_UDP)}},
        {"socket", SECCOMP_PASS, 0, 0, 3, {TYPE(SOCK_DGRAM), IS(2, IP_ICMP), IS(0, AF_INET)}},
        {"socket", SECCOMP_PASS, 0, 0, 3, {TYPE(SOCK_DGRAM), IS(2, IP_ICMPV6), IS(0, AF_INET6)}},
        {"socket", EPERM, 0, SECCOMP_WHEN_RAW, 1, {TYPE(SOCK_RAW)}},
        {"socket", EPROTONOSUPPORT, SECCOMP_WHEN_RAW, 0, 1, {IS(2, 0)}},
        {"socket", SECCOMP_PASS, SECCOMP_WHEN_RAW, 0, 2, {TYPE(SOCK_RAW), MASKED(2, ~0xffU, 0)}},
        {"socket", EPROTONOSUPPORT, 0, 0, 0, {{0}}},
        {"socketpair", EAFNOSUPPORT, 0, 0, 1, {NOT(0, AF_UNIX)}},
        /* Its arguments are in memory: on architectures with this call, subcalls that are checked above do
         * not exist. */
        {"socketcall", ENOSYS, 0, 0, 1, {IS(0, SOCKETCALL_SOCKET)}},
        {"socketcall", ENOSYS, 0, 0, 1, {IS(0, SOCKETCALL_SOCKETPAIR)}},
        {"socketcall", ENOSYS, 0, 0, 1, {IS(0, SOCKETCALL_SETSOCKOPT)}},
        /* TCP_AO and TCP_MD5SIG make the kernel load a hash of the caller's choice, TCP_ULP modules such as
         * kTLS. */
        {"setsockopt", SECCOMP_PASS, 0, 0, 1, {NOT(1, IP_TCP)}},
        {"setsockopt", ENOPROTOOPT, 0, 0, 1, {IS(2, OPT_TCP_MD5SIG)}},
        {"setsockopt", ENOPROTOOPT, 0, 0, 1, {IS(2, OPT_TCP_ULP)}},
        {"setsockopt", ENOPROTOOPT, 0, 0, 1, {IS(2, OPT_TCP_MD5SIG_EXT)}},
        {"setsockopt", ENOPROTOOPT, 0, 0, 1, {IS(2, OPT_TCP_AO_ADD_KEY)}},

        /*
         * Limits of other processes can be read, and only a process's own limits can be set: init has the
         * payload's ids, so the kernel would allow changes of its limits. A filter does not know the
         * process's own pid, so only pid 0 is its own, as with libc's setrlimit(3).
         * RLIMIT_CORE does not change (base/process.h): lowering it to 0 would start the host's handler, so
         * the call of programs that protect their secrets succeeds without effect.
         */
        {"setrlimit", 0, 0, 0, 1, {IS(0, RLIMIT_CORE)}},
        {"prlimit64", SECCOMP_PASS, 0, 0, 1, {ZERO(2)}},
        {"prlimit64", EPERM, 0, 0, 1, {NOT(0, 0)}},
        {"prlimit64", SECCOMP_PASS, 0, 0, 1, {NOT(1, RLIMIT_CORE)}},
        {"prlimit64", 0, 0, 0, 1, {ZERO(3)}},
        {"prlimit64", EPERM, 0, 0, 0, {{0}}}, /* the call would have to return an old limit */

        /*
         * If other users can see the written files: no set-user-ID and set-group-ID bits. The mode of
         * openat2(2) is in memory, and libraries fall back to openat(2).
         */
        {"chmod", EPERM, SECCOMP_WHEN_SHARED, 0, 1, {HAS(1, SET_ID)}},
        {"fchmod", EPERM, SECCOMP_WHEN_SHARED, 0, 1, {HAS(1, SET_ID)}},
        {"fchmodat", EPERM, SECCOMP_WHEN_SHARED, 0, 1, {HAS(2, SET_ID)}},
        {"fchmodat2", EPERM, SECCOMP_WHEN_SHARED, 0, 1, {HAS(2, SET_ID)}},
        {"creat", EPERM, SECCOMP_WHEN_SHARED, 0, 1, {HAS(1, SET_ID)}},
        {"open", EPERM, SECCOMP_WHEN_SHARED, 0, 2, {HAS(1, MAKES_FILE), HAS(2, SET_ID)}},
        {"openat", EPERM, SECCOMP_WHEN_SHARED, 0, 2, {HAS(2, MAKES_FILE), HAS(3, SET_ID)}},
        {"openat2", ENOSYS, SECCOMP_WHEN_SHARED, 0, 0, {{0}}},
        /* Devices; also makes FIFOs, sockets and plain files. */
        {"mknod", EPERM, SECCOMP_WHEN_STRICT, 0, 1, {MASKED(1, S_IFMT, S_IFCHR)}},
        {"mknod", EPERM, SECCOMP_WHEN_STRICT, 0, 1, {MASKED(1, S_IFMT, S_IFBLK)}},
        {"mknod", EPERM, SECCOMP_WHEN_SHARED, 0, 1, {HAS(1, SET_ID)}},
        {"mknodat", EPERM, SECCOMP_WHEN_STRICT, 0, 1, {MASKED(2, S_IFMT, S_IFCHR)}},
        {"mknodat", EPERM, SECCOMP_WHEN_STRICT, 0, 1, {MASKED(2, S_IFMT, S_IFBLK)}},
        {"mknodat", EPERM, SECCOMP_WHEN_SHARED, 0, 1, {HAS(2, SET_ID)}},
};
/* clang-format on */
const size_t seccomp_rules_n = ARRAY_LEN(seccomp_rules);

const char *const seccomp_essential[] = {
        "execve", "exit", "exit_group", "rt_sigreturn", "sigreturn", "restart_syscall", "seccomp", NULL};

/* PER_LINUX, PER_LINUX32, either with UNAME26, ADDR_NO_RANDOMIZE, and the query for the current one
 * (personality(2)). */
const uint64_t seccomp_personalities[] = {0x0, 0x8, 0x20000, 0x20008, 0x40000, 0xffffffff, UINT64_MAX};
