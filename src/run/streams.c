/* SPDX-License-Identifier: Apache-2.0 */
/* What the payload gets in the place of the caller's standard input, output and error. */
#include "run/streams.h"

#include "base/defence.h"
#include "base/io.h"
#include "base/log.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

/* POLLOUT of a pipe means room for so much (pipe(7)). */
#define PIECE 4096

static const char *const names[STREAMS] = {"standard input", "standard output", "standard error"};

/* One without a name: nothing of the host's file system is at the other end. */
static bool is_anonymous_pipe(int fd, const struct stat *st)
{
        struct statfs fs;
        return S_ISFIFO(st->st_mode) && fstatfs(fd, &fs) == 0 && fs.f_type == PIPEFS_MAGIC;
}

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
        if (!defence_is_on(DEFENCE_STREAMS) || S_ISSOCK(st->st_mode) || is_anonymous_pipe(fd, st) ||
            is_harmless_device(st))
                return STREAM_HANDED_ON;
        return STREAM_FILE;
}

/*
 * Output that may keep us waiting gets a description of our own, which can be told not to. Where it can't be
 * opened again it is written in pieces that poll(2) promises room for. Input is the caller's own description:
 * of a FIFO that is opened anew the end of earlier writers would not be seen.
 */
static int open_own(Stream *stream, int fd, bool input, bool regular)
{
        int own = input || regular ? -EINVAL : io_reopen(fd, O_WRONLY | O_NONBLOCK);
        stream->piece = regular || own >= 0 ? sizeof(stream->data) : PIECE;
        return own >= 0 ? own : fcntl(fd, F_DUPFD_CLOEXEC, STREAMS);
}

static int make_pipe(Stream *stream, int fd, bool regular, Error *err)
{
        int ends[2];
        bool input = fd == 0;
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(err, errno, "a pipe for %s", names[fd]);
        stream->inside = ends[input ? 0 : 1];
        stream->pipe = ends[input ? 1 : 0];
        (void)fcntl(stream->pipe, F_SETFL, O_NONBLOCK);
        stream->file = open_own(stream, fd, input, regular);
        stream->at = input && regular ? lseek(fd, 0, SEEK_CUR) : -1;
        stream->seekable = stream->at >= 0;
        return stream->file < 0 ? error_set_errno(err, errno, "opening %s", names[fd]) : 0;
}

/* Whether it is written to the same file as standard output, through the pipe of which it can go. */
static bool is_written_with_output(const Streams *s, const struct stat *st)
{
        struct stat out;
        return s->items[STDOUT_FILENO].kind == STREAM_FILE &&
               (fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) != O_RDONLY && fstat(STDOUT_FILENO, &out) == 0 &&
               out.st_dev == st->st_dev && out.st_ino == st->st_ino;
}

static int prepare(Streams *s, int fd, Error *err)
{
        Stream *stream = &s->items[fd];
        struct stat st;
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fstat(fd, &st) < 0)
                return 0;
        if (defence_is_on(DEFENCE_STREAMS) && (S_ISDIR(st.st_mode) || (flags & O_PATH)))
                return error_set(err, S_ISDIR(st.st_mode) ? EISDIR : EINVAL,
                                 "%s is %s, through which the host could be reached", names[fd],
                                 S_ISDIR(st.st_mode) ? "a directory"
                                                     : "a descriptor without access (O_PATH)");
        stream->kind = kind_of(fd, &st);
        if (stream->kind != STREAM_FILE)
                return 0;
        /* One pipe for both, or what was written to them would change its order. */
        if (fd == STDERR_FILENO && is_written_with_output(s, &st)) {
                stream->inside = fcntl(s->items[1].inside, F_DUPFD_CLOEXEC, STREAMS);
                return stream->inside < 0 ? error_set_errno(err, errno, "a pipe for %s", names[fd]) : 0;
        }
        return make_pipe(stream, fd, S_ISREG(st.st_mode), err);
}

int streams_prepare(Streams *s, Error *err)
{
        int r = 0;
        for (int fd = 0; r == 0 && fd < STREAMS; fd++)
                r = prepare(s, fd, err);
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

void streams_poll_prepare(const Streams *s, struct pollfd fds[STREAMS])
{
        for (int i = 0; i < STREAMS; i++) {
                const Stream *stream = &s->items[i];
                int from = i == 0 ? stream->file : stream->pipe, to = i == 0 ? stream->pipe : stream->file;
                bool ended = stream->pipe < 0;
                fds[i] = (struct pollfd){.fd = ended              ? -1
                                               : is_empty(stream) ? from
                                                                  : to,
                                         .events = is_empty(stream) ? POLLIN : POLLOUT};
        }
}

static ssize_t fill(Stream *s, bool input)
{
        ssize_t n = !input        ? read(s->pipe, s->data, sizeof(s->data))
                    : s->seekable ? pread(s->file, s->data, sizeof(s->data), s->at)
                                  : read(s->file, s->data, sizeof(s->data));
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

/* The payload sees the end, or that nobody reads any more. */
static void end(Stream *s)
{
        s->pipe = fd_close(s->pipe);
}

/* One step. Returns whether there may be another one now. */
static bool move(Stream *s, bool input)
{
        if (s->pipe < 0)
                return false;
        bool filling = is_empty(s);
        size_t pending = s->end - s->start;
        if (!input && pending > s->piece)
                pending = s->piece;
        ssize_t n = filling ? fill(s, input) : write(input ? s->pipe : s->file, s->data + s->start, pending);
        if (is_transient(n))
                return false;
        if (n < 0 && !filling && !input)
                s->error = errno;
        if (n <= 0)
                end(s);
        else if (!filling)
                s->start += (size_t)n;
        return n > 0;
}

void streams_poll_handle(Streams *s, const struct pollfd fds[STREAMS])
{
        for (int i = 0; i < STREAMS; i++)
                if (fds[i].revents)
                        (void)move(&s->items[i], i == 0);
}

/* What is in the pipe now: others inside may go on writing to it. */
static size_t held(const Stream *s)
{
        int n = 0;
        return (s->pipe < 0 || ioctl(s->pipe, FIONREAD, &n) < 0 || n < 0 ? 0 : (size_t)n) + s->end - s->start;
}

static void drain(Stream *s)
{
        size_t left = held(s);
        while (s->pipe >= 0 && left > 0) {
                size_t before = s->end - s->start;
                if (move(s, false)) {
                        left -= before > s->end - s->start ? before - (s->end - s->start) : 0;
                        continue;
                }
                struct pollfd p = {.fd = is_empty(s) ? FD_NONE : s->file, .events = POLLOUT};
                if (s->pipe >= 0 && p.fd >= 0 && poll(&p, 1, STREAM_DRAIN_MS) > 0)
                        continue;
                if (s->pipe >= 0 && p.fd >= 0)
                        s->error = ETIMEDOUT;
                end(s);
        }
}

void streams_end(Streams *s, bool success, Error *err)
{
        Error lost = {0};
        for (int i = 0; i < STREAMS; i++) {
                Stream *stream = &s->items[i];
                if (i > 0)
                        drain(stream);
                if (stream->error != 0 && stream->error != EPIPE)
                        (void)error_set_errno(&lost, stream->error, "writing to %s", names[i]);
                end(stream);
                stream->inside = fd_close(stream->inside);
                stream->file = fd_close(stream->file);
        }
        if (lost.errnum != 0 && success && err->errnum == 0)
                *err = lost;
        else if (lost.errnum != 0)
                log_error("%s", lost.text);
}
