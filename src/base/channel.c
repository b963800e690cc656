/* SPDX-License-Identifier: Apache-2.0 */
/* Sends and receives the typed messages of the stages. */
#include "base/channel.h"

#include "base/fds.h"

#include <sys/socket.h>

int channel_make(int ret_fds[2])
{
        return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0 ? -errno : 0;
}

int channel_send_fds(int channel, MessageType type, int value, const int *fds, size_t n)
{
        Message m = {.type = type, .value = value};
        return n > CHANNEL_FDS_MAX ? -E2BIG : fds_send(channel, &m, offsetof(Message, error), fds, n, 0);
}

int channel_send(int channel, MessageType type, int value, int fd)
{
        return channel_send_fds(channel, type, value, &fd, fd >= 0 ? 1 : 0);
}

int channel_write(int channel, MessageType type, int value)
{
        const Message m = {.type = type, .value = value};
        const ssize_t len = offsetof(Message, error);
        return write(channel, &m, (size_t)len) == len ? 0 : -errno;
}

int channel_send_error(int channel, const Error *err)
{
        Message m = {.type = MSG_ERROR, .error = *err};
        m.value = -error_ensure(&m.error, -EIO, "a stage of the sandbox");
        return fds_send(channel, &m, sizeof(m), NULL, 0, 0);
}

int channel_fail(int channel, Error *err, int r, const char *stage)
{
        (void)error_ensure(err, r, stage);
        (void)channel_send_error(channel, err);
        return err->exit_code;
}

int channel_receive_fds(int channel, Message *ret, int ret_fds[CHANNEL_FDS_MAX], size_t *ret_n)
{
        Message m = {0};
        int fds[CHANNEL_FDS_MAX];
        size_t n_fds = 0;
        ssize_t n = fds_receive(channel, &m, sizeof(m), 0, fds, CHANNEL_FDS_MAX, &n_fds);
        if (n <= 0)
                return (int)n;
        if ((size_t)n != (m.type == MSG_ERROR ? sizeof(m) : offsetof(Message, error))) {
                fds_close(fds, n_fds);
                return -EBADMSG;
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
        fds_close(fds + kept, n - kept);
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
