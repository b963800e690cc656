/* SPDX-License-Identifier: Apache-2.0 */
/* Sends and receives the messages between supervisor and net helper. */
#include "net/message.h"

#include "base/fds.h"

#include <sys/socket.h>

static size_t size_of(NetMessageType type)
{
        const size_t head = offsetof(NetMessage, error);
        switch (type) {
        case NETMSG_TAP:
        case NETMSG_SOCKETS:
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
        return fds_send(channel, m, size_of(m->type), &fd, fd >= 0 ? 1 : 0, wait ? 0 : MSG_DONTWAIT);
}

int net_message_receive(int channel, NetMessage *ret, int *ret_fd)
{
        NetMessage m = {0};
        CLEANUP_FD int fd = FD_NONE;
        size_t n_fds = 0;
        ssize_t n = fds_receive(channel, &m, sizeof(m), MSG_DONTWAIT, &fd, 1, &n_fds);
        if (n <= 0)
                return (int)n;
        if ((size_t)n < sizeof(m.type) || (size_t)n != size_of(m.type) ||
            n_fds > (m.type == NETMSG_TAP || m.type == NETMSG_SOCKETS ? 1 : 0))
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
