/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's descriptors 0 to 2. Whoever has one can open its file anew through /proc/self/fd, with other
 * access than the caller had, change its mode, write into a pipe that a shell reads its script from, connect
 * a socket to somewhere else, and from a directory reach all that lies around it. So none is handed on but
 * /dev/null with its kin: what they hold is passed through pipes, and a terminal is replaced by a pty
 * (relay.h).
 *
 * Of a pipe or a socket that is standard input the payload gets a copy of what is in there; what it has read
 * of that is taken, and no more: the rest is the caller's.
 */
#pragma once

#include "base/error.h"

#include <poll.h>
#include <sys/types.h>

#define STREAMS 3
#define STREAM_BUFFER 16384

typedef enum StreamKind {
        STREAM_HANDED_ON,
        STREAM_TERMINAL,
        STREAM_FILE, /* these through a pipe */
        STREAM_PIPE,
        STREAM_SOCKET,
} StreamKind;

typedef struct Stream {
        StreamKind kind;
        int inside;    /* the pipe's end for the payload; FD_NONE: none */
        int pipe;      /* and ours; FD_NONE: it has ended, or another stream has it */
        int file;      /* the caller's file, or our own description of it */
        bool seekable; /* standard input: read at @at, a position of our own */
        off_t at;
        size_t offered; /* standard input, a pipe or socket: bytes that the payload's pipe got a copy of */
        bool unread;    /* it was told to be read, and was not */
        size_t piece;   /* output: moved at most at a time */
        bool waits;     /* output: it could not be opened again, and may keep us waiting */
        int error;      /* what reading or writing the file said */
        char data[STREAM_BUFFER];
        size_t start, end;
} Stream;

typedef struct Streams {
        Stream items[STREAMS];
        int null; /* what was read of a pipe goes there */
} Streams;

#define STREAM_NONE                                                                                          \
        {                                                                                                    \
                .inside = FD_NONE, .pipe = FD_NONE, .file = FD_NONE                                          \
        }
#define STREAMS_NONE ((Streams){.items = {STREAM_NONE, STREAM_NONE, STREAM_NONE}, .null = FD_NONE})

/**
 * streams_prepare - look at descriptors 0 to 2, and make the pipes.
 *
 * @s: STREAMS_NONE; streams_end() ends it, also after a failure.
 *
 * Returns 0; -EISDIR, -EINVAL (O_PATH, a socket that is not connected) or -errno of pipe2(2) with @err.
 */
int streams_prepare(Streams *s, Error *err);

/** streams_terminals - bit N: descriptor N is a terminal. */
int streams_terminals(const Streams *s);

/** streams_take - in the child: its ends of the pipes become 0 to 2. 0 or -errno. */
int streams_take(const Streams *s);

/** streams_given - in the parent, once the child is there: close the child's ends. */
void streams_given(Streams *s);

/** streams_poll_prepare - fill STREAMS entries. Returns milliseconds to wait at most, -1: no limit. */
int streams_poll_prepare(Streams *s, struct pollfd fds[STREAMS]);

/** streams_poll_handle - move what can be moved without waiting. */
void streams_poll_handle(Streams *s, const struct pollfd fds[STREAMS]);

/** How the last output is written. */
typedef struct StreamsEnd {
        bool success; /* of the command: then what was lost makes it none */
        bool patient; /* it ended by itself: who reads slowly is waited for, until a signal comes */
        int signals;  /* those of signals_take() */
        int stops;
        int over;       /* once it is readable nobody is waited for any more; FD_NONE: none */
        bool given_up;  /* nobody is */
        uint64_t until; /* clock_us(), unless it is patient */
} StreamsEnd;

/**
 * streams_end - the payload has ended: pass on what the pipes hold now, and close all. Unless @how is patient
 * what is not taken within STREAM_DRAIN_MS is given up.
 *
 * The caller's position in a regular file that was standard input is where it was: what is read would let the
 * payload choose where the caller, perhaps a shell that reads its script, goes on.
 *
 * @err: of a success says what was lost, for another reason than that nobody reads it, and what of the input
 * could not be read; else, or when it holds an error, a line does.
 */
void streams_end(Streams *s, StreamsEnd *how, Error *err);

/** streams_wait_to_write - wait until @fd can be written to, as @how says. Returns whether it can. */
bool streams_wait_to_write(int fd, StreamsEnd *how);

/** streams_tell_lost - @what ("writing to the terminal") failed with @errnum, a positive one: as
 * streams_end() does. */
void streams_tell_lost(const char *what, int errnum, const StreamsEnd *how, Error *err);

#define STREAM_DRAIN_MS 2000
