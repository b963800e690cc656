/* SPDX-License-Identifier: Apache-2.0 */
/* Sends changes between processes: many per message over a SOCK_SEQPACKET pair, with their descriptors. */
#pragma once

#include "base/error.h"
#include "changes/change.h"

#define STREAM_FDS_MAX 64
#define STREAM_MESSAGE_MAX 131072
#define STREAM_FLUSH_AT 32768

typedef struct StreamWriter {
        int fd; /* the caller's */
        size_t len;
        int fds[STREAM_FDS_MAX];
        size_t n_fds;
        char data[STREAM_MESSAGE_MAX];
} StreamWriter;

typedef struct StreamReader {
        int fd; /* the caller's */
        size_t len, at;
        int fds[STREAM_FDS_MAX];
        size_t n_fds, next_fd;
        char data[STREAM_MESSAGE_MAX];
} StreamReader;

/** stream_write - a ChangeSink (@userdata: StreamWriter) that sends changes; takes ownership of change->fd.
 * -EPIPE: no reader. */
int stream_write(void *userdata, ChangeEvent event, const Change *change);

/** stream_flush - send buffered changes. */
int stream_flush(StreamWriter *w);

/** stream_send_error - send buffered changes, then @err, which ends the stream. */
int stream_send_error(StreamWriter *w, const Error *err);

/** stream_send_request - ask the receiver for id maps (STREAM_NEED_MAPS); the answer is one byte on @fd. */
int stream_send_request(StreamWriter *w);

/** Results of stream_read(). */
enum { STREAM_CHANGE = 1, STREAM_NEED_MAPS = 2 };

/**
 * stream_read - wait for the next change.
 *
 * @ret: points into @r until the next call; the caller owns ret->fd.
 *
 * Returns STREAM_CHANGE; STREAM_NEED_MAPS; -ECONNRESET if the other side exited without END or an error;
 * -EBADMSG for a malformed message; the other side's error with @err.
 */
int stream_read(StreamReader *r, ChangeEvent *ret_event, Change *ret, Error *err);

void stream_writer_clear(StreamWriter *w);
void stream_reader_clear(StreamReader *r);
