/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's descriptors 0 to 2. Whoever has one can open its file anew through /proc/self/fd, with other
 * access than the caller had, change its mode, and from a directory reach all that lies around it. So none
 * that leads to a file of the host's is handed on: what it holds is passed through a pipe, and a terminal is
 * replaced by a pty (relay.h). Anonymous pipes, sockets and /dev/null with its kin are handed on.
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
        STREAM_FILE, /* through a pipe */
} StreamKind;

typedef struct Stream {
        StreamKind kind;
        int inside;    /* the pipe's end for the payload; FD_NONE: none */
        int pipe;      /* and ours; FD_NONE: it has ended, or another stream has it */
        int file;      /* the caller's file, or our own description of it */
        bool seekable; /* standard input: read at @at, a position of our own */
        off_t at;
        size_t piece; /* output: written at most at a time, as it may keep us waiting else */
        int error;    /* what writing to the file said */
        char data[STREAM_BUFFER];
        size_t start, end;
} Stream;

typedef struct Streams {
        Stream items[STREAMS];
} Streams;

#define STREAM_NONE                                                                                          \
        {                                                                                                    \
                .inside = FD_NONE, .pipe = FD_NONE, .file = FD_NONE                                          \
        }
#define STREAMS_NONE ((Streams){.items = {STREAM_NONE, STREAM_NONE, STREAM_NONE}})

/**
 * streams_prepare - look at descriptors 0 to 2, and make the pipes.
 *
 * @s: STREAMS_NONE; streams_end() ends it, also after a failure.
 *
 * Returns 0; -EISDIR, -EINVAL (O_PATH) or -errno of pipe2(2) with @err.
 */
int streams_prepare(Streams *s, Error *err);

/** streams_terminals - bit N: descriptor N is a terminal. */
int streams_terminals(const Streams *s);

/** streams_take - in the child: its ends of the pipes become 0 to 2. 0 or -errno. */
int streams_take(const Streams *s);

/** streams_given - in the parent, once the child is there: close the child's ends. */
void streams_given(Streams *s);

/** streams_poll_prepare - fill STREAMS entries. */
void streams_poll_prepare(const Streams *s, struct pollfd fds[STREAMS]);

/** streams_poll_handle - move what can be moved without waiting. */
void streams_poll_handle(Streams *s, const struct pollfd fds[STREAMS]);

/**
 * streams_end - the payload has ended: pass on what the pipes hold now, and close all. A file that takes
 * nothing for STREAM_DRAIN_MS is given up.
 *
 * The caller's position in a regular file that was standard input is where it was: what is read would let the
 * payload choose where the caller, perhaps a shell that reads its script, goes on.
 *
 * Output that was lost, for another reason than that nobody reads it, makes a success none.
 *
 * @success: of the command. @err: then says what was lost; else, or when it holds an error, a line does.
 */
void streams_end(Streams *s, bool success, Error *err);

#define STREAM_DRAIN_MS 2000
