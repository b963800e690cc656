/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session is one command in one sandbox, from its stage's birth to its last output: the state it is in,
 * what the stage may say in that state, signals, the terminal, the streams and the helpers. "kurung run" and
 * "kurung exec" are each a session with a stage of their own (SessionOps).
 */
#pragma once

#include "plan/plan.h"
#include "run/helper.h"
#include "run/relay.h"
#include "run/session_messages.h"
#include "run/streams.h"

#include <signal.h>

/** For what only one of the two commands waits for. */
#define SESSION_OWN_POLLS 8

/** What run and exec do differently. A function may be NULL where nothing is to be done. */
typedef struct SessionOps {
        SessionSender sender; /* who is at the other end of the channel */

        /** kill - end all that the session consists of, at once. */
        void (*kill)(Session *s);

        /** started - the payload exists. */
        void (*started)(Session *s);

        /** ended - the payload has ended. @last: nothing else is left that it started. */
        void (*ended)(Session *s, bool last);

        /** poll_prepare - fill SESSION_OWN_POLLS entries, which have fd -1. Returns milliseconds to wait at
         * most, -1: no limit. */
        int (*poll_prepare)(Session *s, struct pollfd fds[SESSION_OWN_POLLS]);
        void (*poll_handle)(Session *s, const struct pollfd fds[SESSION_OWN_POLLS]);
} SessionOps;

struct Session {
        const SessionOps *ops;
        SessionState state;
        MessageCounts heard;   /* of what the stage has said */
        int channel;           /* to the stage; FD_NONE: it has nothing more to say */
        int stage;             /* its pidfd; FD_NONE: none, or it has been reaped */
        int stage_status;      /* of wait(2), then */
        bool leave;            /* once it is started the stage is left to itself */
        bool stage_is_payload; /* the stage becomes the payload, and says nothing more from then on */
        TerminalMode terminal; /* what the payload has as 0 to 2 */
        HelperList helpers;
        Streams streams;
        Relay relay;
        int signals; /* signalfd */
        int stops;   /* readable once SIGTSTP has come */
        sigset_t signals_before;
        int timer;           /* timerfd, borrowed: its end wakes us when we are stopped; FD_NONE: none */
        int ended_by;        /* a signal that ended the session before there was a payload; 0: none */
        bool told_to_end;    /* by SIGTERM or SIGHUP */
        unsigned interrupts; /* how often Ctrl-C was asked for without a terminal of our own */
        bool cores_given; /* the payload's RLIMIT_CORE is not kurung's to say; set before session_prepare() */
        uint64_t kill_at_us; /* when a payload that does not listen is killed; 0: it is not to be */
        bool killed;         /* all of it was, by us */
        bool stopped;        /* the payload, when last heard of */
        bool told_stopped;
        pid_t payload_pid; /* as the stage sees it; 0: it does not exist yet */
        bool payload_ended;
        int payload_status; /* of wait(2), then */
        Error error;        /* the first one: what the session fails with */
};

#define SESSION_OF(o)                                                                                        \
        ((Session){.ops = (o),                                                                               \
                   .channel = FD_NONE,                                                                       \
                   .stage = FD_NONE,                                                                         \
                   .streams = STREAMS_NONE,                                                                  \
                   .relay = {.master = FD_NONE},                                                             \
                   .signals = FD_NONE,                                                                       \
                   .stops = FD_NONE,                                                                         \
                   .timer = FD_NONE})

/** session_prepare - no core dumps from here on, and the pipes for 0 to 2. 0 or -errno with @err. */
int session_prepare(Session *s, Error *err);

/** session_take_signals - as signals_take(), which says what @extra is. 0 or -errno with @err. */
int session_take_signals(Session *s, const int *extra, size_t n, Error *err);

/** session_make_channel - @ret_theirs: the stage's end, the caller's. 0 or -errno with @err. */
int session_make_channel(Session *s, int *ret_theirs, Error *err);

/**
 * session_clone_stage - the stage, with the session's pipes as 0 to 2.
 *
 * @namespaces: those that it is in. @main: what it does; it returns what to exit with. @keep: the @n
 * descriptors that it keeps, its end of the channel among them (process_keep_only()).
 *
 * Returns its pid, or -errno with @err.
 */
pid_t session_clone_stage(Session *s, const PlanNamespaces *namespaces, int (*main)(void *userdata),
                          void *userdata, const int *keep, size_t n, Error *err);

/** session_enter - go on to @state; states are never gone back to. */
void session_enter(Session *s, SessionState state);

/** session_sync - tell the stage that @point is reached. One that is gone has said why, which is read next. 0
 * or -errno. */
int session_sync(Session *s, SyncPoint point);

/** session_kill - end all that the session consists of, at once. */
void session_kill(Session *s);

/** session_tell - have the stage pass @sig on, once it can. */
void session_tell(Session *s, int sig);

/** session_pass_on - the same for what was sent to us: what ends a process ends the session where there is no
 * payload yet, as that can't have a handler. */
void session_pass_on(Session *s, int sig);

/** session_is_ending - whether it ends already: what ends now is not the cause of it. */
bool session_is_ending(const Session *s);

/** session_supervise - hear the stage, the helpers, signals and the caller until the stage has ended. */
void session_supervise(Session *s);

/** session_end - end the stage if it has not, and write out what the payload has written. @over: once this
 * descriptor is readable nobody is waited for (StreamsEnd.over). */
void session_end(Session *s, int over);

/** session_clear - signals are the caller's again; close everything. */
void session_clear(Session *s);
