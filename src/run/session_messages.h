/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages that a stage may send to the supervisor: one table with the senders, the states, the maximum
 * number and the descriptors of each message. A stage that was taken over can send only what its phase
 * allows; any other message ends the sandbox with one error.
 */
#pragma once

#include "base/channel.h"

typedef struct Session Session;

/** The progress of a session, which only advances. */
typedef enum SessionState {
        SESSION_MAPPING,  /* the stage waits for its ids and limits */
        SESSION_BUILDING, /* it creates the sandbox */
        SESSION_READY,    /* the sandbox is complete, and the stage waits for the start */
        SESSION_STARTING, /* it starts the payload; from here on it passes signals on */
        SESSION_RUNNING,  /* the payload exists, and the stage waits for its exit */
        SESSION_ENDING,   /* the payload has exited: no message may follow */
        SESSION_STATES,
} SessionState;

/** The sender at the other end of a channel. */
typedef enum SessionSender {
        SENDER_SETUP,   /* of run: setup, which becomes init, and the payload's stage until exec */
        SENDER_JOIN,    /* of exec: join, which waits like init, and the payload's stage until exec */
        SENDER_OVERLAY, /* the stage that becomes the server of an overlay, and then sends nothing */
        SENDERS,
} SessionSender;

/** Handles a message. @fds: its @n descriptors; the handler replaces those that it keeps by FD_NONE. Returns
 * 0, or -errno with @err if the session must end. */
typedef int MessageHandler(Session *s, const Message *m, int *fds, size_t n, Error *err);

typedef struct MessageRule {
        MessageType type;
        bool (*fits)(int value); /* whether the rule applies to a value; NULL: to any */
        unsigned senders;        /* bit N for SessionSender N */
        unsigned states;         /* bit N for SessionState N */
        unsigned max;            /* maximum number; 0: unlimited */
        int fds;                 /* number of descriptors; MESSAGE_FDS_OF_VALUE: one per bit of the value */
        MessageHandler *handle;  /* NULL: the receiver handles it */
} MessageRule;

#define MESSAGE_FDS_OF_VALUE (-1)

#define MESSAGE_RULES_MAX 20

/** The number of messages of each rule on one channel. */
typedef struct MessageCounts {
        unsigned n[MESSAGE_RULES_MAX];
} MessageCounts;

/**
 * message_check - check whether a message is allowed now, and count it. Pure.
 *
 * @n_fds: the number of its descriptors. @ret: its rule.
 *
 * Returns 0, or -EPROTO with @err, which says what is wrong with the message.
 */
int message_check(MessageCounts *counts, SessionSender sender, SessionState state, const Message *m,
                  size_t n_fds, const MessageRule **ret, Error *err);

/** session_handle_message - after poll(2) of the channel: receive, check and handle a message. */
void session_handle_message(Session *s);

/* The table's handlers: for every session (session.c), */
MessageHandler session_take_error, session_take_terminal, session_take_started, session_take_stopped,
        session_take_exit;
/* and for a run (supervisor_messages.c). */
MessageHandler supervisor_take_tap, supervisor_take_sockets, supervisor_take_namespaces,
        supervisor_take_fuse_device, supervisor_take_missing, supervisor_take_cgroup_request,
        supervisor_take_mounts, supervisor_take_ready;
