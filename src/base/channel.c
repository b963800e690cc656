/* SPDX-License-Identifier: Apache-2.0 */
/* Sends and receives the typed messages of the stages. */
#include "base/channel.h"

#include "base/io.h"

#include <sys/socket.h>

int channel_make(int ret_fds[2])
{
        return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0 ? -errno : 0;
}

static int send_message(int channel, const Message *m, size_t len, const int *fds, size_t n_fds)
{
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
        } control = {0};
        struct iovec iov = {.iov_base = (void *)(uintptr_t)m, .iov_len = len};
        struct msghdr hdr = {.msg_iov = &iov, .msg_iovlen = 1};
        if (n_fds > CHANNEL_FDS_MAX)
                return -E2BIG;
        if (n_fds > 0) {
                hdr.msg_control = control.bytes;
                hdr.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
                struct cmsghdr *c = CMSG_FIRSTHDR(&hdr);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
                memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
        }
        for (;;) {
                ssize_t n = sendmsg(channel, &hdr, MSG_NOSIGNAL);
                if (n >= 0)
                        return 0;
                if (errno != EINTR)
                        return -errno;
        }
}

int channel_send_fds(int channel, MessageType type, int value, const int *fds, size_t n)
{
        Message m = {.type = type, .value = value};
        return send_message(channel, &m, offsetof(Message, error), fds, n);
}

int channel_send(int channel, MessageType type, int value, int fd)
{
        return channel_send_fds(channel, type, value, &fd, fd >= 0 ? 1 : 0);
}

int channel_send_error(int channel, const Error *err)
{
        Message m = {.type = MSG_ERROR, .error = *err};
        m.value = -error_ensure(&m.error, -EIO, "a stage of the sandbox");
        return send_message(channel, &m, sizeof(m), NULL, 0);
}

int channel_fail(int channel, Error *err, int r, const char *stage)
{
        (void)error_ensure(err, r, stage);
        (void)channel_send_error(channel, err);
        return err->exit_code;
}

static size_t take_descriptors(struct msghdr *hdr, int fds[CHANNEL_FDS_MAX])
{
        size_t n = 0;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(hdr); c; c = CMSG_NXTHDR(hdr, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                for (size_t off = 0; off + sizeof(int) <= c->cmsg_len - CMSG_LEN(0); off += sizeof(int)) {
                        int fd;
                        memcpy(&fd, CMSG_DATA(c) + off, sizeof(int));
                        if (n < CHANNEL_FDS_MAX)
                                fds[n++] = fd;
                        else
                                fd_close(fd);
                }
        }
        return n;
}

static void close_all(const int *fds, size_t n)
{
        for (size_t i = 0; i < n; i++)
                fd_close(fds[i]);
}

int channel_receive_fds(int channel, Message *ret, int ret_fds[CHANNEL_FDS_MAX], size_t *ret_n)
{
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
        } control;
        Message m = {0};
        struct iovec iov = {.iov_base = &m, .iov_len = sizeof(m)};
        struct msghdr hdr = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes};
        hdr.msg_controllen = sizeof(control.bytes);
        ssize_t n = io_receive(channel, &hdr, MSG_CMSG_CLOEXEC);
        if (n < 0)
                return (int)n;
        int fds[CHANNEL_FDS_MAX];
        size_t n_fds = take_descriptors(&hdr, fds);
        size_t want = m.type == MSG_ERROR ? sizeof(m) : offsetof(Message, error);
        if (n == 0 || (size_t)n != want || (hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
                close_all(fds, n_fds);
                return n == 0 ? 0 : -EBADMSG;
        }
        m.error.text[sizeof(m.error.text) - 1] = '\0';
        *ret = m;
        memcpy(ret_fds, fds, n_fds * sizeof(int));
        *ret_n = n_fds;
        return 1;
}

int channel_receive(int channel, Message *ret, int *ret_fd)
{
        int fds[CHANNEL_FDS_MAX];
        size_t n = 0;
        int r = channel_receive_fds(channel, ret, fds, &n);
        if (r <= 0)
                return r;
        /* The caller expects at most one. */
        size_t kept = ret_fd && n > 0 ? 1 : 0;
        close_all(fds + kept, n - kept);
        if (ret_fd)
                *ret_fd = kept ? fds[0] : FD_NONE;
        return 1;
}

int channel_expect_sync(int channel, SyncPoint point, Error *err)
{
        Message m = {0};
        int r = channel_receive(channel, &m, NULL);
        if (r < 0)
                return error_set_errno(err, r, "cannot wait for sync point %d", (int)point);
        if (r == 0)
                return error_set(err, ECONNRESET, "the other stage exited before sync point %d", (int)point);
        if (m.type == MSG_ERROR)
                return error_take(err, &m.error, "the other stage");
        if (m.type != MSG_SYNC || m.value != (int)point)
                return error_set(err, EPROTO, "unexpected message %d at sync point %d", (int)m.type,
                                 (int)point);
        return 0;
}
