/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relays bytes unchanged between the caller's terminal and the sandbox's pty.
 *
 * While kurung is in the foreground of the caller's terminal, it sets raw mode and reads the input. If
 * standard output is not the terminal, another program of the pipeline may use the terminal, such as a pager.
 * Then kurung takes the terminal only when the payload needs it, and only while no other program has changed
 * its settings.
 */
#pragma once

#include "base/util.h"
#include "mech/tty_query.h"
#include "run/streams.h"

#include <poll.h>
#include <termios.h>

#define RELAY_BUFFER 16384

typedef struct RelayBuffer {
        char *data; /* RELAY_BUFFER bytes, of the process; NULL: no relay */
        size_t start, end;
} RelayBuffer;

typedef struct Relay {
        int master; /* FD_NONE: no relay */
        int in;     /* the caller's terminal, for reading */
        int out;    /* the caller's terminal, for writing: kurung's own open file description, which does not
                       block */
        bool waits; /* the terminal could not be reopened: writing may block */
        bool only_output; /* standard input is not a terminal: nothing is read */
        bool stuck;       /* the terminal accepted no output for too long */
        bool shared;      /* other programs of the pipeline may use the terminal */
        bool wanted;      /* the payload needs the terminal, although it is shared */
        bool raw;         /* kurung has the terminal, in raw mode */
        bool in_ended;
        bool hung_up;   /* no process inside has the pty open */
        bool interrupt; /* see relay_take_interrupt() */
        bool suspend;   /* see relay_take_suspend() */
        bool asked;     /* the terminal may still send automatic answers */
        TtyQuery query;
        struct termios saved; /* the terminal's settings before raw mode */
        struct termios ours;  /* the terminal's settings in raw mode */
        struct termios pty;   /* the initial settings of the pty */
        RelayBuffer to_payload, to_caller;
} Relay;

/** relay_start - take ownership of @master, and take the terminal if kurung is in its foreground. */
void relay_start(Relay *r, int master);

/**
 * relay_stop - write the output that the pty still holds, close the pty, restore the terminal, and end the
 * streams (streams_end()).
 *
 * If the payload made the terminal send answers (tty_query.h), waits for them at most 2 seconds, and drops
 * them together with all earlier input. Otherwise unread input stays in the terminal for the next reader.
 * Input that was already written to the pty stays there: the payload could have written it as well.
 *
 * Afterwards kurung's own lines wait as @how says, but not after an unread signal.
 *
 * @how: how the last output is written; all members except given_up and until. @err: like that of
 * streams_end().
 */
void relay_stop(Relay *r, Streams *streams, StreamsEnd how, Error *err);

/** relay_suspend, relay_resume - release the terminal and take it again, before and after a stop. */
void relay_suspend(Relay *r);
void relay_resume(Relay *r);

/** relay_resize - copy the caller's window size to the pty. */
void relay_resize(Relay *r);

#define RELAY_POLLS 3

/** relay_poll_prepare - fill RELAY_POLLS entries (fd -1 for unused ones). Returns the maximum wait in
 * milliseconds; -1: no limit. */
int relay_poll_prepare(const Relay *r, struct pollfd fds[RELAY_POLLS]);

/** relay_poll_handle - move all data that can be moved without blocking. */
void relay_poll_handle(Relay *r, const struct pollfd fds[RELAY_POLLS]);

/** relay_drop_typed - drop the last input, if the payload has not received it. */
void relay_drop_typed(Relay *r);

/** relay_take_interrupt - return whether the caller's interrupt character was typed, and clear it. */
bool relay_take_interrupt(Relay *r);

/** relay_take_suspend - return whether the last input was the caller's suspend character, and clear it. If
 * so, the user caused a stop of the payload that follows. */
bool relay_take_suspend(Relay *r);
