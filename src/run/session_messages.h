/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a stage may say to the supervisor: one table of messages, each with who sends it, in which states, how
 * often, and with how many descriptors. A stage that was taken over says only what its phase allows; anything
 * else ends the sandbox with one line.
 */
#pragma once

#include "base/channel.h"

typedef struct Session Session;

/** How far a session has come. It only goes forward. */
typedef enum SessionState {
        SESSION_MAPPING,  /* the stage waits for its ids and limits */
        SESSION_BUILDING, /* it makes the sandbox */
        SESSION_READY,    /* that is complete, and it waits to be let go */
        SESSION_STARTING, /* it makes the payload; from here on it passes signals on */
        SESSION_RUNNING,  /* the payload exists, and the stage waits for its end */
        SESSION_ENDING,   /* the payload has ended: there is nothing left to say */
        SESSION_STATES,
} SessionState;

/** At the other end of which channel somebody is. */
typedef enum SessionSender {
        SENDER_SETUP,   /* a run's: setup, which becomes init, and the payload's stage until it executes */
        SENDER_JOIN,    /* an exec's: join, which waits as init does, and the payload's stage */
        SENDER_OVERLAY, /* the stage that becomes fuse-overlayfs: starting, and silent once it runs */
        SENDERS,
} SessionSender;

/** @fds: the @n descriptors that came along; one that is taken is FD_NONE afterwards. 0, or -errno with @err
 * when the session has to end. */
typedef int MessageHandler(Session *s, const Message *m, int *fds, size_t n, Error *err);

typedef struct MessageRule {
        MessageType type;
        bool (*fits)(int value); /* the values that this rule is about; NULL: any */
        unsigned senders;        /* bit N for SessionSender N */
        unsigned states;         /* bit N for SessionState N */
        unsigned max;            /* 0: any number of them */
        int fds;                 /* MESSAGE_FDS_OF_VALUE: one for each bit of the value */
        MessageHandler *handle;  /* NULL: its receiver does that itself */
} MessageRule;

#define MESSAGE_FDS_OF_VALUE (-1)

#define MESSAGE_RULES_MAX 20

/** How many messages of each rule have come by one channel. */
typedef struct MessageCounts {
        unsigned n[MESSAGE_RULES_MAX];
} MessageCounts;

/**
 * message_check - whether a message may come now; counts it then. Pure.
 *
 * @n_fds: how many descriptors came with it. @ret: its rule.
 *
 * Returns 0, or -EPROTO with @err, which says what is wrong with it.
 */
int message_check(MessageCounts *counts, SessionSender sender, SessionState state, const Message *m,
                  size_t n_fds, const MessageRule **ret, Error *err);

/** session_handle_message - after poll(2) of its channel: check what came, and do it. */
void session_handle_message(Session *s);

/* The table's handlers: of every session (session.c), */
MessageHandler session_take_error, session_take_terminal, session_take_started, session_take_stopped,
        session_take_exit;
/* and of a run (supervisor_messages.c). */
MessageHandler supervisor_take_tap, supervisor_take_namespaces, supervisor_take_fuse_device,
        supervisor_take_missing, supervisor_take_cgroup_request, supervisor_take_mounts,
        supervisor_take_ready;
