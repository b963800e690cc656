/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls of kurung-view while it serves: it opens for reading, and nothing else. */
#pragma once

#include "confine/confine.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>

#define VIEW_CALLS                                                                                           \
        CONFINE_CALL(read), CONFINE_CALL(write), CONFINE_CALL(writev), CONFINE_CALL(sendmsg),                \
                CONFINE_CALL(recvmsg), CONFINE_CALL_IF(openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY),  \
                CONFINE_CALL(close), CONFINE_CALL(fstat), CONFINE_CALL(newfstatat), CONFINE_CALL(faccessat), \
                CONFINE_CALL(faccessat2), CONFINE_CALL(readlinkat), CONFINE_CALL(poll), CONFINE_CALL(ppoll), \
                CONFINE_CALL(pread64), CONFINE_CALL(getdents64), CONFINE_CALL(lseek), CONFINE_CALL(statfs),  \
                CONFINE_CALL(fstatfs), CONFINE_CALL_IF(fcntl, 1, UINT32_MAX, F_GETFD),                       \
                CONFINE_CALL_IF(fcntl, 1, UINT32_MAX, F_SETFD),                                              \
                CONFINE_CALL_IF(fcntl, 1, UINT32_MAX, F_GETFL), CONFINE_CALL_IF(mmap, 2, PROT_EXEC, 0),      \
                CONFINE_CALL(munmap), CONFINE_CALL(mremap), CONFINE_CALL(madvise), CONFINE_CALL(brk),        \
                CONFINE_CALL(futex), CONFINE_CALL(getpid), CONFINE_CALL(gettid), CONFINE_CALL(getuid),       \
                CONFINE_CALL(geteuid), CONFINE_CALL(getgid), CONFINE_CALL(getegid), CONFINE_CALL(getrandom), \
                CONFINE_CALL(clock_gettime), CONFINE_CALL(rt_sigreturn), CONFINE_CALL(rt_sigprocmask),       \
                CONFINE_CALL(restart_syscall), CONFINE_CALL(exit), CONFINE_CALL(exit_group)
