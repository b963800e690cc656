/* SPDX-License-Identifier: Apache-2.0 */
/* What supervisor and net helper say to each other, over a SOCK_SEQPACKET pair: a message is whole or not
 * there. */
#pragma once

#include "base/error.h"
#include "net/config.h"
#include "net/record.h"

typedef enum NetMessageType {
        NETMSG_TAP = 1,   /* to the helper, with a descriptor: the tap device */
        NETMSG_FINISH,    /* to the helper: tell everything, and end */
        NETMSG_PUBLISHED, /* publish: its port is there */
        NETMSG_READY,     /* locked down, all ports published */
        NETMSG_ERROR,     /* error: there will be no network */
        NETMSG_RECORD,    /* record: first time; after NETMSG_FINISH each with its whole count */
        NETMSG_TOTALS,    /* totals: the last message */
} NetMessageType;

typedef struct NetTotals {
        uint64_t bytes_up, bytes_down, frames_up, frames_down;
        uint64_t dropped;  /* frames that were none, or had a forged source */
        uint64_t overflow; /* attempts at destinations that the table had no room for */
} NetTotals;

typedef struct NetMessage {
        NetMessageType type;
        union {
                Error error;
                NetRecord record;
                NetPublish publish;
                NetTotals totals;
        };
} NetMessage;

/** net_message_send - @fd: goes along when it is open. @wait: not to be told -EAGAIN. 0 or -errno. */
int net_message_send(int channel, const NetMessage *m, int fd, bool wait);

/**
 * net_message_receive - the next message. @ret_fd: a descriptor that came along, else FD_NONE.
 *
 * Returns 1; 0: the other side is gone; -EAGAIN: there is none now (never waits); -EBADMSG: not a message, or
 * one with a descriptor that it must not have; -errno.
 */
int net_message_receive(int channel, NetMessage *ret, int *ret_fd);
