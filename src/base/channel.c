/* SPDX-License-Identifier: Apache-2.0 */
#include "base/channel.h"

#include <sys/socket.h>

int channel_make(int ret_fds[2])
{
        return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0 ? -errno : 0;
}

static int send_message(int channel, const Message *m, size_t len, int fd)
{
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control = {0};
        struct iovec iov = {.iov_base = (void *)(uintptr_t)m, .iov_len = len};
        struct msghdr hdr = {.msg_iov = &iov, .msg_iovlen = 1};
        if (fd >= 0) {
                hdr.msg_control = control.bytes;
                hdr.msg_controllen = sizeof(control.bytes);
                struct cmsghdr *c = CMSG_FIRSTHDR(&hdr);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int));
                memcpy(CMSG_DATA(c), &fd, sizeof(int));
        }
        for (;;) {
                ssize_t n = sendmsg(channel, &hdr, MSG_NOSIGNAL);
                if (n >= 0)
                        return 0;
                if (errno != EINTR)
                        return -errno;
        }
}

int channel_send(int channel, MessageType type, int value, int fd)
{
        Message m = {.type = type, .value = value};
        return send_message(channel, &m, offsetof(Message, error), fd);
}

int channel_send_error(int channel, const Error *err)
{
        Message m = {.type = MSG_ERROR, .value = err->errnum, .error = *err};
        return send_message(channel, &m, sizeof(m), FD_NONE);
}

/* The one descriptor of a message; any further ones would be a bug and are closed. */
static int take_descriptor(struct msghdr *hdr)
{
        int fd = FD_NONE;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(hdr); c; c = CMSG_NXTHDR(hdr, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                for (size_t off = 0; off + sizeof(int) <= c->cmsg_len - CMSG_LEN(0); off += sizeof(int)) {
                        fd_close(fd);
                        memcpy(&fd, CMSG_DATA(c) + off, sizeof(int));
                }
        }
        return fd;
}

int channel_receive(int channel, Message *ret, int *ret_fd)
{
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control;
        Message m = {0};
        struct iovec iov = {.iov_base = &m, .iov_len = sizeof(m)};
        struct msghdr hdr = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes};
        hdr.msg_controllen = sizeof(control.bytes);
        ssize_t n;
        do
                n = recvmsg(channel, &hdr, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return errno == ECONNRESET ? 0 : -errno;
        CLEANUP_FD int fd = take_descriptor(&hdr);
        if (n == 0)
                return 0;
        size_t want = m.type == MSG_ERROR ? sizeof(m) : offsetof(Message, error);
        if ((size_t)n != want || (hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
                return -EBADMSG;
        m.error.text[sizeof(m.error.text) - 1] = '\0';
        *ret = m;
        if (ret_fd)
                *ret_fd = TAKE_FD(fd);
        return 1;
}

int channel_expect_sync(int channel, SyncPoint point, Error *err)
{
        Message m = {0};
        int r = channel_receive(channel, &m, NULL);
        if (r < 0)
                return error_set_errno(err, r, "waiting for sync point %d", (int)point);
        if (r == 0)
                return error_set(err, ECONNRESET, "the other stage ended before sync point %d", (int)point);
        if (m.type == MSG_ERROR) {
                if (err && err->errnum == 0)
                        *err = m.error;
                return -(m.error.errnum > 0 ? m.error.errnum : EPROTO);
        }
        if (m.type != MSG_SYNC || m.value != (int)point)
                return error_set(err, EPROTO, "unexpected message %d at sync point %d", (int)m.type,
                                 (int)point);
        return 0;
}
