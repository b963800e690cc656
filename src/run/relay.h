/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the caller's terminal and the sandbox's pty, byte for byte.
 *
 * The caller's terminal is taken (raw mode, and what is typed is read) while we are in its foreground. Where
 * standard output is not the terminal, another program of the pipeline may be using it, as a pager does: then
 * it is taken only once the payload needs it, and only while nobody else has changed its settings.
 */
#pragma once

#include "base/util.h"
#include "mech/tty_query.h"
#include "run/streams.h"

#include <poll.h>
#include <termios.h>

#define RELAY_BUFFER 16384

typedef struct RelayBuffer {
        char data[RELAY_BUFFER];
        size_t start, end;
} RelayBuffer;

typedef struct Relay {
        int master;       /* FD_NONE: no relay */
        int in;           /* the caller's terminal, read from */
        int out;          /* and written to: a description of our own, which does not keep us waiting */
        bool waits;       /* that could not be had: it may */
        bool only_output; /* standard input is no terminal: nothing is read */
        bool stuck;       /* the terminal took nothing for too long */
        bool shared;      /* others of our pipeline may use the terminal */
        bool wanted;      /* the payload needs it, although it is shared */
        bool raw;         /* the terminal is ours, in raw mode */
        bool in_ended;
        bool hung_up;   /* nobody inside has the pty open */
        bool interrupt; /* see relay_take_interrupt() */
        bool suspend;   /* see relay_take_suspend() */
        bool asked;     /* the terminal may still send what was not typed */
        TtyQuery query;
        struct termios saved; /* the terminal's settings before we took it */
        struct termios ours;  /* and while it is ours */
        struct termios pty;   /* the pty's at its start */
        RelayBuffer to_payload, to_caller;
} Relay;

/** relay_start - take @master (owned from now on), and the terminal when we are in its foreground. */
void relay_start(Relay *r, int master);

/**
 * relay_stop - write out what the pty still holds, close it, restore the terminal; and end the streams
 * (streams_end()).
 *
 * Where the payload made the terminal send something (tty_query.h) it is waited for, 2 seconds at most, and
 * dropped with all that was typed before it. Else what was typed and not read yet stays there for who reads
 * next. What was handed to the pty stays in there: the payload could have put it there as well.
 *
 * From then on lines of ours wait as @how says, and not once a signal has come that nobody has read.
 *
 * @how: how the last output is written; all but given_up and until. @err: as that of streams_end().
 */
void relay_stop(Relay *r, Streams *streams, StreamsEnd how, Error *err);

/** relay_suspend, relay_resume - give the terminal back and take it again, around being stopped. */
void relay_suspend(Relay *r);
void relay_resume(Relay *r);

/** relay_resize - pass the caller's window size on. */
void relay_resize(Relay *r);

#define RELAY_POLLS 3

/** relay_poll_prepare - fill RELAY_POLLS entries (fd -1 where there is nothing to wait for). Returns
 * milliseconds to wait at most, -1: no limit. */
int relay_poll_prepare(const Relay *r, struct pollfd fds[RELAY_POLLS]);

/** relay_poll_handle - move what can be moved without waiting. */
void relay_poll_handle(Relay *r, const struct pollfd fds[RELAY_POLLS]);

/** relay_drop_typed - what was typed last and has not reached the payload does not. */
void relay_drop_typed(Relay *r);

/** relay_take_interrupt - whether the caller's interrupt character was typed; clears it. */
bool relay_take_interrupt(Relay *r);

/** relay_take_suspend - whether the last that was typed is the caller's suspend character; clears it. So a
 * stop of the payload that follows was asked for at the terminal. */
bool relay_take_suspend(Relay *r);
