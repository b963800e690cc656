/* SPDX-License-Identifier: Apache-2.0 */
/* Confines the net helper to the system calls of its loop, without any file. */
#include "net/lockdown.h"

#include "confine/confine.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* SOCK_CLOEXEC and SOCK_NONBLOCK are above it. */
#define SOCK_TYPE_MASK 0xfU

#define ANY UINT32_MAX

#define SOCKET(family, type, what)                                                                           \
        {                                                                                                    \
                .nr = SCMP_SYS(socket), .answer = (what), .n = 2, .when = {                                  \
                        {0, ANY, (family)},                                                                  \
                        {1, SOCK_TYPE_MASK, (type)}                                                          \
                }                                                                                            \
        }

/* The system calls of the loop, libslirp and c-ares. Calls that open or execute files, and those on processes
 * and signals, are not listed: they kill the helper. */
static const ConfineCall calls[] = {
        CONFINE_CALL(read),
        CONFINE_CALL(write),
        CONFINE_CALL(recvfrom),
        CONFINE_CALL(sendto),
        CONFINE_CALL(recvmsg),
        CONFINE_CALL(sendmsg),
        CONFINE_CALL(poll),
        CONFINE_CALL(ppoll),
        CONFINE_CALL(connect),
        CONFINE_CALL(bind),
        CONFINE_CALL(listen),
        CONFINE_CALL(accept),
        CONFINE_CALL(accept4),
        CONFINE_CALL(shutdown),
        CONFINE_CALL(getsockopt),
        CONFINE_CALL(setsockopt),
        CONFINE_CALL(getsockname),
        CONFINE_CALL(getpeername),
        CONFINE_CALL(close),
        CONFINE_CALL(dup3),
        CONFINE_CALL(clock_gettime),
        CONFINE_CALL(gettimeofday),
        CONFINE_CALL(clock_nanosleep),
        CONFINE_CALL(brk),
        CONFINE_CALL(munmap),
        CONFINE_CALL(mremap),
        CONFINE_CALL(madvise),
        CONFINE_CALL(futex),
        CONFINE_CALL(getrandom),
        CONFINE_CALL(getpid),
        CONFINE_CALL(gettid),
        CONFINE_CALL(sysinfo),
        CONFINE_CALL(rt_sigreturn),
        CONFINE_CALL(rt_sigprocmask),
        CONFINE_CALL(restart_syscall),
        CONFINE_CALL(sched_yield),
        CONFINE_CALL(exit),
        CONFINE_CALL(exit_group),
        SOCKET(AF_INET, SOCK_STREAM, 0),
        SOCKET(AF_INET, SOCK_DGRAM, 0),
        SOCKET(AF_INET6, SOCK_STREAM, 0),
        SOCKET(AF_INET6, SOCK_DGRAM, 0),
        /* libslirp also requests raw sockets, and works without them. */
        SOCKET(AF_INET, SOCK_RAW, SECCOMP_RET_ERRNO | EPERM),
        SOCKET(AF_INET6, SOCK_RAW, SECCOMP_RET_ERRNO | EPERM),
        CONFINE_CALL_IF(socketpair, 0, ANY, AF_UNIX),
        CONFINE_CALL_IF(fcntl, 1, ANY, F_GETFL),
        CONFINE_CALL_IF(fcntl, 1, ANY, F_SETFL),
        CONFINE_CALL_IF(fcntl, 1, ANY, F_GETFD),
        CONFINE_CALL_IF(fcntl, 1, ANY, F_SETFD),
        CONFINE_CALL_IF(ioctl, 1, ANY, FIONREAD),
        CONFINE_CALL_IF(ioctl, 1, ANY, FIONBIO),
        /* Never executable memory. */
        CONFINE_CALL_IF(mmap, 2, PROT_EXEC, 0),
        CONFINE_CALL_IF(mprotect, 2, PROT_EXEC, 0),
};

int net_lockdown_enter(uint64_t max_memory, Error *err)
{
        const Confinement c = {
                .who = "net helper",
                .max_data = max_memory,
                .calls = calls,
                .n_calls = ARRAY_LEN(calls),
                .other_calls = SECCOMP_RET_KILL_PROCESS,
        };
        CLEANUP_FD int root = FD_NONE;
        int r = confine_private_mounts(c.who, err);
        if (r == 0)
                r = confine_root_begin(c.who, &root, err);
        if (r == 0)
                r = confine_root_enter(c.who, root, err);
        if (r == 0)
                r = confine_privileges(&c, err);
        return r < 0 ? r : confine_seal(&c, err);
}
