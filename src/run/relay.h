/* SPDX-License-Identifier: Apache-2.0 */
/* Between the caller's terminal and the sandbox's pty, byte for byte. */
#pragma once

#include "base/util.h"

#include <poll.h>
#include <termios.h>

#define RELAY_BUFFER 16384

typedef struct RelayBuffer {
        char data[RELAY_BUFFER];
        size_t start, end;
} RelayBuffer;

typedef struct Relay {
        int master; /* FD_NONE: no relay */
        int in;     /* the caller's terminal, read from */
        int out;    /* and written to */
        bool raw;   /* the terminal is in raw mode by us */
        bool in_ended;
        bool watch_interrupt; /* an interrupt character is of interest: see relay_take_interrupt() */
        bool interrupt;
        struct termios saved;
        RelayBuffer to_payload, to_caller;
} Relay;

/** relay_start - take @master (owned from now on); raw mode when we are in the foreground. */
void relay_start(Relay *r, int master);

/** relay_stop - write out what the pty still holds, close it, restore the terminal. */
void relay_stop(Relay *r);

/** relay_suspend, relay_resume - give the terminal back and take it again, around being stopped. */
void relay_suspend(Relay *r);
void relay_resume(Relay *r);

/** relay_resize - pass the caller's window size on. */
void relay_resize(Relay *r);

#define RELAY_POLLS 3

/** relay_poll_prepare - fill RELAY_POLLS entries (fd -1 where there is nothing to wait for). */
void relay_poll_prepare(const Relay *r, struct pollfd fds[RELAY_POLLS]);

/** relay_poll_handle - move what can be moved without waiting. */
void relay_poll_handle(Relay *r, const struct pollfd fds[RELAY_POLLS]);

/** relay_take_interrupt - whether Ctrl-C was typed since watch_interrupt was set; clears it. */
bool relay_take_interrupt(Relay *r);
