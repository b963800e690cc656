/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors over local sockets, and their paths in /proc. */
#pragma once

#include "base/util.h"

/** Maximum number of descriptors in a message; the kernel's is 253 (SCM_RIGHTS, unix(7)). */
#define FDS_MAX 64

/**
 * fds_send - send @len bytes with @n descriptors over a local socket (sendmsg(2), SCM_RIGHTS), continuing
 * after EINTR.
 *
 * @flags: of sendmsg(2); MSG_NOSIGNAL is added.
 *
 * Returns 0; -E2BIG: more than FDS_MAX; -errno.
 */
int fds_send(int socket, const void *data, size_t len, const int *fds, size_t n, int flags);

/**
 * fds_receive - receive one message with at most @max descriptors from a local socket (recvmsg(2)),
 * continuing after EINTR. If the peer closed its end with unread data, the kernel reports ECONNRESET once
 * before the peer's last messages; this is skipped, so that they are not lost.
 *
 * @flags: of recvmsg(2); MSG_CMSG_CLOEXEC is added. @ret_fds: room for @max (at most FDS_MAX); owned by the
 * caller.
 *
 * Returns the length of the message, 0 at the end; -EBADMSG: longer than @size, or with more descriptors;
 * -EMFILE: the kernel dropped a descriptor; -errno. Nothing remains open unless the length is returned.
 */
ssize_t fds_receive(int socket, void *data, size_t size, int flags, int *ret_fds, size_t max, size_t *ret_n);

/** fds_close - close @n descriptors. */
void fds_close(const int *fds, size_t n);

/**
 * fds_abandon - close @n descriptors (less than FDS_MAX) without waiting until the kernel has released their
 * files. A socket whose only reference is in its own queue is garbage: the kernel destroys it with its queue,
 * since Linux 6.9 in a thread of its own (net/unix/garbage.c). Earlier kernels, and a failure, make this an
 * ordinary close(2).
 */
void fds_abandon(const int *fds, size_t n);

typedef struct FdPath {
        char text[32];
} FdPath;

/** fd_path - the path of an open descriptor's file, a link of proc_pid_fd(5), for calls that do not accept a
 * descriptor, or not one of O_PATH. "fd_path(fd).text" is valid until the end of the expression. */
FdPath fd_path(int fd);
