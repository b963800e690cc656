/* SPDX-License-Identifier: Apache-2.0 */
/* The messages between supervisor and net helper, over a SOCK_SEQPACKET pair: a message arrives whole or not
 * at all. */
#pragma once

#include "base/error.h"
#include "net/config.h"
#include "net/attempts.h"

typedef enum NetMessageType {
        NETMSG_TAP = 1,   /* to the helper, with a descriptor: the tap device */
        NETMSG_SOCKETS,   /* to the helper, with a descriptor: the channel by which init makes sockets */
        NETMSG_FINISH,    /* to the helper: send all attempts, and exit */
        NETMSG_PUBLISHED, /* publish: the port is open */
        NETMSG_READY,     /* confined, all ports published */
        NETMSG_ERROR,     /* error: there will be no network */
        NETMSG_ATTEMPT, /* attempt: when it is new; after NETMSG_FINISH, each attempt with its final count */
        NETMSG_TOTALS,  /* totals: the last message */
} NetMessageType;

typedef struct NetTotals {
        uint64_t bytes_up, bytes_down, frames_up, frames_down;
        uint64_t dropped;  /* invalid frames, and frames with a forged source */
        uint64_t overflow; /* attempts to destinations without room in the table */
} NetTotals;

typedef struct NetMessage {
        NetMessageType type;
        union {
                Error error;
                NetAttempt attempt;
                NetPublish publish;
                NetTotals totals;
        };
} NetMessage;

/** net_message_send - send a message. @fd: sent with it if it is open. @wait: block instead of -EAGAIN.
 * Returns 0 or -errno. */
int net_message_send(int channel, const NetMessage *m, int fd, bool wait);

/**
 * net_message_receive - receive the next message. @ret_fd: the descriptor in it, otherwise FD_NONE.
 *
 * Returns 1; 0: the other side has exited; -EAGAIN: there is none now (never blocks); -EBADMSG: not a
 * message, or one with an unexpected descriptor; -errno.
 */
int net_message_receive(int channel, NetMessage *ret, int *ret_fd);
