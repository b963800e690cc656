/* SPDX-License-Identifier: Apache-2.0 */
/* Sends and receives the messages between supervisor and net helper. */
#include "net/message.h"

#include "base/io.h"

#include <sys/socket.h>

static size_t size_of(NetMessageType type)
{
        const size_t head = offsetof(NetMessage, error);
        switch (type) {
        case NETMSG_TAP:
        case NETMSG_FINISH:
        case NETMSG_READY:
                return head;
        case NETMSG_PUBLISHED:
                return head + sizeof(NetPublish);
        case NETMSG_ERROR:
                return head + sizeof(Error);
        case NETMSG_ATTEMPT:
                return head + sizeof(NetAttempt);
        case NETMSG_TOTALS:
                return head + sizeof(NetTotals);
        }
        return 0;
}

int net_message_send(int channel, const NetMessage *m, int fd, bool wait)
{
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control = {0};
        struct iovec iov = {.iov_base = (void *)(uintptr_t)m, .iov_len = size_of(m->type)};
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
                ssize_t n = sendmsg(channel, &hdr, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
                if (n >= 0)
                        return 0;
                if (errno != EINTR)
                        return -errno;
        }
}

/* The padding of a buffer for one descriptor has room for a second one, which the kernel installs (cmsg(3)).
 * Returns the number of received descriptors; all but the first are closed. */
static size_t take_descriptors(struct msghdr *hdr, int *ret_fd)
{
        size_t n = 0;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(hdr); c; c = CMSG_NXTHDR(hdr, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                for (size_t at = 0; at + sizeof(int) <= c->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
                        int fd;
                        memcpy(&fd, CMSG_DATA(c) + at, sizeof(int));
                        if (n++ == 0)
                                *ret_fd = fd;
                        else
                                fd_close(fd);
                }
        }
        return n;
}

int net_message_receive(int channel, NetMessage *ret, int *ret_fd)
{
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control;
        NetMessage m = {0};
        struct iovec iov = {.iov_base = &m, .iov_len = sizeof(m)};
        struct msghdr hdr = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes};
        hdr.msg_controllen = sizeof(control.bytes);
        ssize_t n = io_receive(channel, &hdr, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (n < 0)
                return (int)n;
        CLEANUP_FD int fd = FD_NONE;
        size_t n_fds = take_descriptors(&hdr, &fd);
        if (n == 0)
                return 0;
        if ((size_t)n < sizeof(m.type) || (size_t)n != size_of(m.type) ||
            (hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || n_fds > (m.type == NETMSG_TAP ? 1 : 0))
                return -EBADMSG;
        /* The helper handles hostile data, so its texts are terminated here. */
        if (m.type == NETMSG_ERROR)
                m.error.text[sizeof(m.error.text) - 1] = '\0';
        if (m.type == NETMSG_ATTEMPT) {
                m.attempt.name[sizeof(m.attempt.name) - 1] = '\0';
                m.attempt.reason[sizeof(m.attempt.reason) - 1] = '\0';
        }
        *ret = m;
        if (ret_fd)
                *ret_fd = TAKE_FD(fd);
        return 1;
}
