/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session is one command in one sandbox, from the start of its stage to its last output: its state, the
 * messages that the stage may send in that state, signals, the terminal, the streams and the helpers. "kurung
 * run" and "kurung exec" are each a session with a stage of their own (SessionOps).
 */
#pragma once

#include "plan/plan.h"
#include "run/helper.h"
#include "run/relay.h"
#include "run/session_messages.h"
#include "run/streams.h"

#include <signal.h>

/** The number of events that only run, or only exec, waits for. */
#define SESSION_OWN_POLLS 8

/** The differences between run and exec. A function may be NULL if there is nothing to do. */
typedef struct SessionOps {
        SessionSender sender; /* the other end of the channel */

        /** kill - kill all processes of the session at once. */
        void (*kill)(Session *s);

        /** started - called when the payload exists. */
        void (*started)(Session *s);

        /** ended - called when the payload has exited. @last: none of its processes is left. */
        void (*ended)(Session *s, bool last);

        /** poll_prepare - fill SESSION_OWN_POLLS entries, which have fd -1. Returns the maximum wait in
         * milliseconds; -1: no limit. */
        int (*poll_prepare)(Session *s, struct pollfd fds[SESSION_OWN_POLLS]);
        void (*poll_handle)(Session *s, const struct pollfd fds[SESSION_OWN_POLLS]);
} SessionOps;

struct Session {
        const SessionOps *ops;
        SessionState state;
        MessageCounts heard; /* counts the stage's messages */
        int channel;         /* to the stage; FD_NONE: no message can follow */
        int stage;           /* pidfd; FD_NONE: none, or reaped */
        int stage_status;    /* its wait(2) status, once reaped */
        bool leave;          /* leave the stage to itself after its start */
        bool independent; /* only wait for the payload: take no signal over, and leave the rest to itself */
        bool stage_is_payload; /* the stage becomes the payload, and then sends nothing more */
        TerminalMode terminal; /* the payload's descriptors 0 to 2 */
        HelperList helpers;
        Streams streams;
        Relay relay;
        int signals; /* signalfd */
        int stops;   /* signalfd, readable after SIGTSTP */
        sigset_t signals_before;
        int timer;    /* timerfd, borrowed: its expiration continues kurung if it is stopped; FD_NONE: none */
        int ended_by; /* the signal that ended the session before there was a payload; 0: none */
        bool told_to_end;    /* by SIGTERM or SIGHUP */
        unsigned interrupts; /* number of SIGINTs that kurung received */
        bool cores_given;    /* the request sets the payload's RLIMIT_CORE; set before session_prepare() */
        uint64_t kill_at_us; /* time at which an unresponsive payload is killed; 0: never */
        bool killed;         /* kurung killed the whole session */
        bool stopped;        /* whether the payload is stopped, as last reported */
        bool told_stopped;
        pid_t payload_pid; /* as the stage sees it; 0: not started */
        bool payload_ended;
        int payload_status; /* its wait(2) status, once it has ended */
        Error error;        /* the first error, with which the session fails */
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

/** session_prepare - forbid core dumps from here on, and make the pipes for descriptors 0 to 2. Returns 0 or
 * -errno with @err. */
int session_prepare(Session *s, Error *err);

/** session_take_signals - call signals_take() for the session; @extra: see there. Returns 0 or -errno with
 * @err. */
int session_take_signals(Session *s, const int *extra, size_t n, Error *err);

/** session_make_channel - make the channel. @ret_theirs: the stage's end, owned by the caller. Returns 0 or
 * -errno with @err. */
int session_make_channel(Session *s, int *ret_theirs, Error *err);

/**
 * session_clone_stage - start the stage, with the session's pipes as descriptors 0 to 2.
 *
 * @namespaces: those of the stage. @main: its main function, which returns the exit status. @keep: the @n
 * descriptors that it keeps, including its end of the channel (process_keep_only()).
 *
 * Returns its pid, or -errno with @err.
 */
pid_t session_clone_stage(Session *s, const PlanNamespaces *namespaces, int (*main)(void *userdata),
                          void *userdata, const int *keep, size_t n, Error *err);

/** session_enter - advance to @state. A session never returns to an earlier state. */
void session_enter(Session *s, SessionState state);

/** session_sync - tell the stage that @point is reached. A stage that has exited is not an error here,
 * because its last message is read next. Returns 0 or -errno. */
int session_sync(Session *s, SyncPoint point);

/** session_kill - kill all processes of the session at once. */
void session_kill(Session *s);

/** session_tell - make the stage pass @sig on, once it can. */
void session_tell(Session *s, int sig);

/** session_pass_on - like session_tell(), for a signal that kurung received: before there is a payload, which
 * could have a handler, a fatal signal ends the session. */
void session_pass_on(Session *s, int sig);

/** session_is_ending - return whether the session is already ending, so that an exit now is not its cause. */
bool session_is_ending(const Session *s);

/** session_supervise - handle the stage, the helpers, signals and the caller until the stage has exited. */
void session_supervise(Session *s);

/** session_end - kill the stage if it still runs, and write the payload's last output. @over: once this
 * descriptor is readable, the wait for readers ends (StreamsEnd.over). */
void session_end(Session *s, int over);

/** session_clear - give the signals back to the caller, and close everything. */
void session_clear(Session *s);
