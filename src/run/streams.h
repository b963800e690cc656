/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's descriptors 0 to 2. A process with such a descriptor can reopen its file through /proc/self/fd
 * with more access than the caller had, change its mode, write into a pipe from which a shell reads its
 * script, connect a socket to another service, and reach everything around a directory. Therefore only
 * /dev/null and similar devices are passed on unchanged: data of other files goes through pipes, and a pty
 * replaces a terminal (relay.h).
 *
 * If standard input is a pipe or a socket, the payload gets a copy of its data. kurung consumes only the data
 * that the payload has read; the rest stays for the caller.
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
        STREAM_FILE, /* these go through a pipe */
        STREAM_PIPE,
        STREAM_SOCKET,
} StreamKind;

typedef struct Stream {
        StreamKind kind;
        int inside;    /* the payload's end of the pipe; FD_NONE: none */
        int pipe;      /* kurung's end of the pipe; FD_NONE: closed, or shared with another stream */
        int file;      /* the caller's file, or kurung's own description of it */
        bool seekable; /* standard input: read at @at, a position of kurung's own */
        off_t at;
        size_t offered; /* standard input from a pipe or socket: bytes of the copy in the payload's pipe */
        bool unread;    /* the payload has not read the copy yet */
        size_t piece;   /* output: maximum bytes per step */
        bool waits;     /* output: the file could not be reopened, and may block */
        int error;      /* errno of reading or writing the file */
        char *data;     /* STREAM_BUFFER bytes, of the process */
        size_t start, end;
} Stream;

typedef struct Streams {
        Stream items[STREAMS];
        int null; /* /dev/null, to which consumed data of a pipe goes */
} Streams;

#define STREAM_NONE                                                                                          \
        {                                                                                                    \
                .inside = FD_NONE, .pipe = FD_NONE, .file = FD_NONE                                          \
        }
#define STREAMS_NONE ((Streams){.items = {STREAM_NONE, STREAM_NONE, STREAM_NONE}, .null = FD_NONE})

/**
 * streams_prepare - examine descriptors 0 to 2, and make the pipes.
 *
 * @s: STREAMS_NONE; streams_end() closes it, also after a failure.
 *
 * Returns 0; -EISDIR, -EINVAL (O_PATH, a socket that is not connected) or -errno of pipe2(2) with @err.
 */
int streams_prepare(Streams *s, Error *err);

/** streams_terminals - return bit N if descriptor N is a terminal. */
int streams_terminals(const Streams *s);

/** streams_take - in the child: replace descriptors 0 to 2 by its ends of the pipes. Returns 0 or -errno. */
int streams_take(const Streams *s);

/** streams_given - in the parent, after the child started: close the child's ends. */
void streams_given(Streams *s);

/** streams_poll_prepare - fill STREAMS entries. Returns the maximum wait in milliseconds; -1: no limit. */
int streams_poll_prepare(Streams *s, struct pollfd fds[STREAMS]);

/** streams_poll_handle - move all data that can be moved without blocking. */
void streams_poll_handle(Streams *s, const struct pollfd fds[STREAMS]);

/** The treatment of the last output. */
typedef struct StreamsEnd {
        bool success; /* the command succeeded: lost output turns this into a failure */
        bool patient; /* it exited by itself: wait for a slow reader until a signal arrives */
        int signals;  /* those of signals_take() */
        int stops;
        int over;       /* once it is readable, stop waiting; FD_NONE: none */
        bool given_up;  /* do not wait any more */
        uint64_t until; /* clock_us() at which the wait ends, unless patient */
} StreamsEnd;

/**
 * streams_end - after the payload's exit: write what the pipes hold, and close everything. Unless @how is
 * patient, gives up output that is not accepted within STREAM_DRAIN_MS.
 *
 * If standard input is a regular file, the caller's position in it does not change. Otherwise the payload
 * could choose where the caller continues, perhaps a shell that reads its script.
 *
 * @err: gets the loss of output or input, other than by a missing reader, if the command succeeded and @err
 * has no error yet; otherwise a line is printed.
 */
void streams_end(Streams *s, StreamsEnd *how, Error *err);

/** streams_wait_to_write - wait until @fd is writable, as @how says. Returns whether it is. */
bool streams_wait_to_write(int fd, StreamsEnd *how);

/** streams_tell_lost - report that @what ("cannot write to the terminal") failed with @errnum (positive),
 * like streams_end(). */
void streams_tell_lost(const char *what, int errnum, const StreamsEnd *how, Error *err);

#define STREAM_DRAIN_MS 2000
