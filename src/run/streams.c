/* SPDX-License-Identifier: Apache-2.0 */
/* Passes data between the payload's descriptors 0 to 2 and the caller's standard input, output and error. */
#include "run/streams.h"

#include "base/clock.h"
#include "base/defence.h"
#include "base/io.h"
#include "base/log.h"
#include "run/signals.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* POLLOUT of a pipe guarantees this much room, and writes of at most this length are atomic (pipe(7)). */
#define PIECE 4096
/* Maximum steps of one stream before all others are polled. */
#define MOVES 16
/* Interval for checking whether the payload has read the data. */
#define LOOK_MS 50

static const char *const names[STREAMS] = {"standard input", "standard output", "standard error"};

/* /dev/null, zero, full, random and urandom (admin-guide/devices.txt). */
static bool is_harmless_device(const struct stat *st)
{
        unsigned number = minor(st->st_rdev);
        return S_ISCHR(st->st_mode) && major(st->st_rdev) == 1 &&
               (number == 3 || number == 5 || number == 7 || number == 8 || number == 9);
}

static StreamKind kind_of(int fd, const struct stat *st)
{
        if (isatty(fd))
                return STREAM_TERMINAL;
        if (!defence_is_on(DEFENCE_STREAMS) || is_harmless_device(st))
                return STREAM_HANDED_ON;
        return S_ISFIFO(st->st_mode) ? STREAM_PIPE : S_ISSOCK(st->st_mode) ? STREAM_SOCKET : STREAM_FILE;
}

/* Whether the payload gets a copy of the data: of a pipe or socket, from which kurung later consumes the data
 * that the payload has read. */
static bool is_copied(const Stream *s)
{
        return s->kind == STREAM_PIPE || s->kind == STREAM_SOCKET;
}

/*
 * Opens kurung's own file description, if possible: non-blocking for output that may block, and for a file
 * without the flags of the caller's description (O_DIRECT). Pipes are read, and sockets used, by non-blocking
 * calls.
 */
static int open_own(Stream *stream, int fd, bool input, bool regular)
{
        bool may_wait = !input && !regular && stream->kind != STREAM_SOCKET;
        int own = input && regular ? io_reopen(fd, O_RDONLY)
                  : may_wait       ? io_reopen(fd, O_WRONLY | O_NONBLOCK)
                                   : -EINVAL;
        stream->waits = may_wait && own < 0;
        stream->piece = stream->kind == STREAM_PIPE ? PIECE : STREAM_BUFFER;
        return own >= 0 ? own : fcntl(fd, F_DUPFD_CLOEXEC, STREAMS);
}

/* A descriptor that is not open in the expected direction is not open in this direction inside, either. */
static int make_closed(Stream *stream, int fd, Error *err)
{
        stream->inside = open("/dev/null", (fd == 0 ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
        return stream->inside < 0 ? error_set_errno(err, errno, "cannot open /dev/null") : 0;
}

static int make_pipe(Streams *s, int fd, bool regular, Error *err)
{
        Stream *stream = &s->items[fd];
        int ends[2];
        bool input = fd == 0;
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(err, errno, "cannot create a pipe for %s", names[fd]);
        stream->inside = ends[input ? 0 : 1];
        stream->pipe = ends[input ? 1 : 0];
        (void)fcntl(stream->pipe, F_SETFL, O_NONBLOCK);
        stream->file = open_own(stream, fd, input, regular);
        if (stream->file < 0)
                return error_set_errno(err, errno, "cannot open '%s'", names[fd]);
        if (!input)
                return 0;
        stream->at = regular ? lseek(fd, 0, SEEK_CUR) : -1;
        stream->seekable = stream->at >= 0;
        /* With room for one piece, the pipe becomes writable when the whole piece was read. */
        if (is_copied(stream) && fcntl(stream->pipe, F_SETPIPE_SZ, PIECE) < 0)
                return error_set_errno(err, errno, "cannot create a pipe for %s", names[fd]);
        if (stream->kind == STREAM_PIPE && (s->null = open("/dev/null", O_WRONLY | O_CLOEXEC)) < 0)
                return error_set_errno(err, errno, "cannot open /dev/null");
        return 0;
}

/* Returns whether the descriptor has the same file as standard output, and can use its pipe. */
static bool is_written_with_output(const Streams *s, const struct stat *st)
{
        struct stat out;
        return s->items[STDOUT_FILENO].kind >= STREAM_FILE &&
               (fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) != O_RDONLY && fstat(STDOUT_FILENO, &out) == 0 &&
               out.st_dev == st->st_dev && out.st_ino == st->st_ino;
}

/* A socket that listens or is not connected could be connected to services that only the host reaches. A
 * closed connection may still have unread data. */
static int check_socket(int fd, Error *err)
{
        int type = 0;
        socklen_t len = sizeof(type);
        struct sockaddr_storage peer;
        socklen_t room = sizeof(peer);
        char byte;
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM &&
            (getpeername(fd, (struct sockaddr *)&peer, &room) == 0 ||
             recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno == ECONNRESET))
                return 0;
        return error_set(err, EINVAL, "%s is a socket that is not connected (or not of type stream)",
                         names[fd]);
}

static int prepare_stream(Streams *s, int fd, Error *err)
{
        Stream *stream = &s->items[fd];
        struct stat st;
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fstat(fd, &st) < 0)
                return 0;
        if (defence_is_on(DEFENCE_STREAMS) && (S_ISDIR(st.st_mode) || (flags & O_PATH)))
                return error_set(err, S_ISDIR(st.st_mode) ? EISDIR : EINVAL,
                                 "%s is %s, through which the command could reach the host", names[fd],
                                 S_ISDIR(st.st_mode) ? "a directory"
                                                     : "a descriptor without access mode (O_PATH)");
        stream->kind = kind_of(fd, &st);
        if (stream->kind < STREAM_FILE)
                return 0;
        if ((flags & O_ACCMODE) == (fd == 0 ? O_WRONLY : O_RDONLY))
                return make_closed(stream, fd, err);
        if (stream->kind == STREAM_SOCKET && check_socket(fd, err) < 0)
                return -EINVAL;
        /* One pipe for both; otherwise the order of the output would change. */
        if (fd == STDERR_FILENO && is_written_with_output(s, &st)) {
                stream->inside = fcntl(s->items[1].inside, F_DUPFD_CLOEXEC, STREAMS);
                return stream->inside < 0
                               ? error_set_errno(err, errno, "cannot create a pipe for %s", names[fd])
                               : 0;
        }
        return make_pipe(s, fd, S_ISREG(st.st_mode), err);
}

int streams_prepare(Streams *s, Error *err)
{
        /* Not in the streams: initializing them would touch all their pages. */
        static char buffers[STREAMS][STREAM_BUFFER];
        int r = 0;
        for (int fd = 0; r == 0 && fd < STREAMS; fd++) {
                s->items[fd].data = buffers[fd];
                r = prepare_stream(s, fd, err);
        }
        return r;
}

int streams_terminals(const Streams *s)
{
        int bits = 0;
        for (int fd = 0; fd < STREAMS; fd++)
                if (s->items[fd].kind == STREAM_TERMINAL)
                        bits |= 1 << fd;
        return bits;
}

int streams_take(const Streams *s)
{
        for (int fd = 0; fd < STREAMS; fd++)
                if (s->items[fd].inside >= 0 && dup2(s->items[fd].inside, fd) < 0)
                        return -errno;
        return 0;
}

void streams_given(Streams *s)
{
        for (int fd = 0; fd < STREAMS; fd++)
                s->items[fd].inside = fd_close(s->items[fd].inside);
}

static bool is_empty(const Stream *s)
{
        return s->start == s->end;
}

int streams_poll_prepare(Streams *s, struct pollfd fds[STREAMS])
{
        int timeout = -1;
        for (int i = 0; i < STREAMS; i++) {
                Stream *stream = &s->items[i];
                bool filling = is_empty(stream) && stream->offered == 0;
                int from = i == 0 ? stream->file : stream->pipe, to = i == 0 ? stream->pipe : stream->file;
                fds[i] = (struct pollfd){.fd = stream->pipe < 0 ? -1
                                               : filling        ? from
                                                                : to,
                                         .events = filling ? POLLIN : POLLOUT};
                /* The payload has enlarged its pipe, or writes to it: then no event shows when it reads. */
                if (stream->unread && stream->pipe >= 0) {
                        fds[i].fd = -1;
                        timeout = LOOK_MS;
                }
        }
        return timeout;
}

static ssize_t fill(Stream *s, bool input)
{
        ssize_t n = !input        ? read(s->pipe, s->data, s->piece)
                    : s->seekable ? pread(s->file, s->data, STREAM_BUFFER, s->at)
                                  : read(s->file, s->data, STREAM_BUFFER);
        if (n > 0) {
                s->start = 0;
                s->end = (size_t)n;
                s->at += input && s->seekable ? n : 0;
        }
        return n;
}

static bool is_transient(ssize_t n)
{
        return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Closes the pipe: the payload sees the end of file, or that there is no reader. */
static void end(Stream *s)
{
        s->pipe = fd_close(s->pipe);
        s->offered = 0;
}

static ssize_t put(const Stream *s, bool input)
{
        const char *data = s->data + s->start;
        size_t n = s->end - s->start;
        return input                      ? write(s->pipe, data, n)
               : s->kind == STREAM_SOCKET ? send(s->file, data, n, MSG_DONTWAIT | MSG_NOSIGNAL)
                                          : io_write_ready(s->file, s->waits, data, n);
}

/* Does one step. Returns whether another one may be possible now. */
static bool move(Stream *s, bool input)
{
        if (s->pipe < 0)
                return false;
        bool filling = is_empty(s);
        ssize_t n = filling ? fill(s, input) : put(s, input);
        if (is_transient(n))
                return false;
        if (n < 0 && filling == input)
                s->error = errno;
        if (n <= 0)
                end(s);
        else if (!filling)
                s->start += (size_t)n;
        return n > 0;
}

/* Returns the number of unread bytes. */
static size_t pipe_holds(const Stream *s)
{
        int n = 0;
        return s->pipe < 0 || ioctl(s->pipe, FIONREAD, &n) < 0 || n < 0 ? 0 : (size_t)n;
}

/* Consumes the data of the caller that the payload has read from its copy. Other readers may have been
 * faster. */
static void take_read(const Streams *all, Stream *s)
{
        size_t holds = pipe_holds(s), left = s->offered > holds ? s->offered - holds : 0;
        char data[PIECE];
        s->offered -= left;
        while (left > 0) {
                ssize_t n = s->kind == STREAM_PIPE
                                    ? splice(s->file, NULL, all->null, NULL, left, SPLICE_F_NONBLOCK)
                                    : recv(s->file, data, left < PIECE ? left : PIECE, MSG_DONTWAIT);
                if (n <= 0)
                        return;
                left -= (size_t)n;
        }
}

static ssize_t copy(const Stream *s)
{
        char data[PIECE];
        if (s->kind == STREAM_PIPE)
                return tee(s->file, s->pipe, PIECE, SPLICE_F_NONBLOCK);
        ssize_t n = recv(s->file, data, sizeof(data), MSG_PEEK | MSG_DONTWAIT);
        return n <= 0 ? n : write(s->pipe, data, (size_t)n);
}

/* Does one step of a copied input. */
static void offer(const Streams *all, Stream *s, short events)
{
        if (s->pipe < 0)
                return;
        bool told = s->offered > 0;
        take_read(all, s);
        if (told && (events & POLLERR)) {
                end(s);
                return;
        }
        /* The payload may have enlarged the pipe; with room for one piece, the next call comes when it was
         * read. */
        s->unread = s->offered > 0 && fcntl(s->pipe, F_SETPIPE_SZ, PIECE) < 0;
        if (s->offered > 0)
                return;
        ssize_t n = copy(s);
        if (is_transient(n)) {
                s->unread = pipe_holds(s) > 0;
                return;
        }
        if (n > 0) {
                s->offered = (size_t)n;
                return;
        }
        if (n < 0 && errno != EPIPE && errno != ECONNRESET)
                s->error = errno;
        end(s);
}

void streams_poll_handle(Streams *s, const struct pollfd fds[STREAMS])
{
        for (int i = 0; i < STREAMS; i++) {
                Stream *stream = &s->items[i];
                if (i == 0 && is_copied(stream) && (fds[i].revents || stream->unread))
                        offer(s, stream, fds[i].revents);
                else if (fds[i].revents && !(i == 0 && is_copied(stream)))
                        for (int n = 0; n < MOVES && move(stream, i == 0); n++)
                                ;
        }
}

bool streams_wait_to_write(int fd, StreamsEnd *how)
{
        while (!how->given_up) {
                struct pollfd fds[] = {{.fd = fd, .events = POLLOUT},
                                       {.fd = how->signals, .events = POLLIN},
                                       {.fd = how->stops, .events = POLLIN},
                                       {.fd = how->over, .events = POLLIN}};
                int n = poll(fds, how->patient ? ARRAY_LEN(fds) : 1,
                             how->patient ? -1 : clock_until(how->until));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n > 0 && fds[0].revents)
                        return true;
                if (n > 0 && how->patient && fds[2].revents)
                        signals_stop_self(false, how->over);
                how->given_up =
                        n <= 0 || fds[3].revents || (fds[1].revents && signals_take_fatal(how->signals));
        }
        /* kurung's own lines do not wait for such a reader, either. */
        log_set_patience(0, FD_NONE);
        return false;
}

void streams_tell_lost(const char *what, int errnum, const StreamsEnd *how, Error *err)
{
        Error lost = {0};
        if (errnum == ETIMEDOUT)
                (void)error_set(&lost, ETIMEDOUT, "%s: nobody reads it", what);
        else
                (void)error_set_errno(&lost, errnum, "%s", what);
        if (how->success && err->errnum == 0)
                *err = lost;
        else
                log_error("%s", lost.text);
}

/* Writes the current content of the pipe, and no more: other processes inside may continue to write to it. */
static void drain(Stream *s, StreamsEnd *how)
{
        size_t left = pipe_holds(s) + s->end - s->start;
        while (s->pipe >= 0 && left > 0) {
                size_t before = s->end - s->start;
                if (move(s, false)) {
                        left -= before > s->end - s->start ? before - (s->end - s->start) : 0;
                        continue;
                }
                if (s->pipe < 0 || (!is_empty(s) && streams_wait_to_write(s->file, how)))
                        continue;
                if (!is_empty(s))
                        s->error = ETIMEDOUT;
                end(s);
        }
}

void streams_end(Streams *s, StreamsEnd *how, Error *err)
{
        for (int i = 0; i < STREAMS; i++) {
                Stream *stream = &s->items[i];
                if (i > 0)
                        drain(stream, how);
                else if (is_copied(stream))
                        take_read(s, stream);
                if (stream->error != 0 && stream->error != EPIPE) {
                        char what[64];
                        (void)snprintf(what, sizeof(what), "%s %s",
                                       i == 0 ? "cannot read from" : "cannot write to", names[i]);
                        streams_tell_lost(what, stream->error, how, err);
                }
                end(stream);
                stream->inside = fd_close(stream->inside);
                stream->file = fd_close(stream->file);
        }
        s->null = fd_close(s->null);
}
