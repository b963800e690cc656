/* SPDX-License-Identifier: Apache-2.0 */
/* Sends and receives descriptors. */
#include "base/fds.h"

#include <stdio.h>
#include <sys/socket.h>

typedef union Control {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
} Control;

int fds_send(int socket, const void *data, size_t len, const int *fds, size_t n, int flags)
{
        Control control = {0};
        struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
        if (n > FDS_MAX)
                return -E2BIG;
        if (n > 0) {
                msg.msg_control = control.bytes;
                msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
                struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(n * sizeof(int));
                memcpy(CMSG_DATA(c), fds, n * sizeof(int));
        }
        ssize_t sent;
        do
                sent = sendmsg(socket, &msg, flags | MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        return sent < 0 ? -errno : 0;
}

/* Takes all descriptors of the message, and closes those after the first FDS_MAX. Returns the number of all.
 */
static size_t take(struct msghdr *msg, int fds[FDS_MAX])
{
        size_t n = 0;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                for (size_t at = 0; at + sizeof(int) <= c->cmsg_len - CMSG_LEN(0); at += sizeof(int), n++) {
                        int fd;
                        memcpy(&fd, CMSG_DATA(c) + at, sizeof(int));
                        if (n < FDS_MAX)
                                fds[n] = fd;
                        else
                                fd_close(fd);
                }
        }
        return n;
}

ssize_t fds_receive(int socket, void *data, size_t size, int flags, int *ret_fds, size_t max, size_t *ret_n)
{
        Control control;
        int fds[FDS_MAX];
        struct iovec iov = {.iov_base = data, .iov_len = size};
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes};
        msg.msg_controllen = sizeof(control.bytes);
        ssize_t len;
        do
                len = recvmsg(socket, &msg, flags | MSG_CMSG_CLOEXEC);
        while (len < 0 && (errno == EINTR || errno == ECONNRESET));
        if (len < 0)
                return -errno;
        size_t n = take(&msg, fds);
        int r = msg.msg_flags & MSG_CTRUNC ? -EMFILE : n > max || msg.msg_flags & MSG_TRUNC ? -EBADMSG : 0;
        if (r < 0 || len == 0) {
                fds_close(fds, n < FDS_MAX ? n : FDS_MAX);
                return r;
        }
        memcpy(ret_fds, fds, n * sizeof(int));
        *ret_n = n;
        return len;
}

void fds_close(const int *fds, size_t n)
{
        for (size_t i = 0; i < n; i++)
                fd_close(fds[i]);
}

void fds_abandon(const int *fds, size_t n)
{
        int queue[FDS_MAX], ends[2];
        size_t used = 1;
        for (size_t i = 0; i < n && used < FDS_MAX; i++)
                if (fds[i] >= 0)
                        queue[used++] = fds[i];
        if (used > 1 && socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0) {
                queue[0] = ends[1];
                (void)fds_send(ends[0], "", 1, queue, used, MSG_DONTWAIT);
                /* The last one closed makes the kernel look for garbage. */
                fd_close(ends[1]);
                fd_close(ends[0]);
        }
        fds_close(fds, n);
}

FdPath fd_path(int fd)
{
        FdPath path;
        (void)snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
        return path;
}
