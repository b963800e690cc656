/* SPDX-License-Identifier: Apache-2.0 */
/* Relays bytes between the caller's terminal and the sandbox's pty. */
#include "run/relay.h"

#include "base/clock.h"
#include "base/defence.h"
#include "base/io.h"
#include "base/log.h"
#include "mech/tty.h"
#include "run/signals.h"

#include <fcntl.h>

enum { RELAY_IN, RELAY_MASTER, RELAY_OUT };

/* Interval for checking whether kurung is in the foreground, or the pty was opened again: no event reports
 * either. */
#define LOOK_MS 200

/* More than a pty can hold (TTYB_DEFAULT_MEM_LIMIT of the kernel). */
#define PTY_HOLDS ((size_t)256 << 10)

/* How long a terminal may take to answer, over a slow line. */
#define ANSWER_US 2000000

static size_t pending(const RelayBuffer *b)
{
        return b->end - b->start;
}

/* Returns false at the end of @fd. */
static bool fill(RelayBuffer *b, int fd)
{
        if (pending(b) > 0)
                return true;
        ssize_t n = read(fd, b->data, RELAY_BUFFER);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR;
        b->start = 0;
        b->end = (size_t)n;
        return n > 0;
}

static void drain(RelayBuffer *b, int fd, bool waits)
{
        if (pending(b) == 0)
                return;
        ssize_t n = io_write_ready(fd, waits, b->data + b->start, pending(b));
        if (n > 0)
                b->start += (size_t)n;
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
                b->start = b->end; /* without a reader, output is dropped: the payload must not block */
}

/* Writes all of it, or gives up as @how says. */
static int write_all(Relay *r, const char *data, size_t len, StreamsEnd *how)
{
        while (len > 0 && !r->stuck) {
                ssize_t n = io_write_ready(r->out, r->waits, data, len);
                if (n > 0) {
                        data += n;
                        len -= (size_t)n;
                } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
                        return -errno;
                } else if (!streams_wait_to_write(r->out, how)) {
                        r->stuck = true;
                }
        }
        return r->stuck ? -ETIMEDOUT : 0;
}

void relay_start(Relay *r, int master)
{
        /* Not in the relay: a process has one, and initializing it would touch all their pages. */
        static char typed[RELAY_BUFFER], shown[RELAY_BUFFER];
        r->to_payload.data = typed;
        r->to_caller.data = shown;
        r->master = master;
        (void)fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
        int out = isatty(STDOUT_FILENO)   ? STDOUT_FILENO
                  : isatty(STDERR_FILENO) ? STDERR_FILENO
                                          : STDIN_FILENO;
        r->only_output = !isatty(STDIN_FILENO);
        r->in = r->only_output ? out : STDIN_FILENO;
        /* A program that stops reading the terminal must not block kurung, and the caller's own descriptor
         * blocks. */
        r->out = io_reopen(out, O_WRONLY | O_NONBLOCK);
        r->waits = r->out < 0;
        if (r->waits)
                r->out = fcntl(out, F_DUPFD_CLOEXEC, 3);
        r->shared = !isatty(STDOUT_FILENO);
        struct termios settings = {0};
        r->query.bytes = tcgetattr(r->in, &settings) < 0 || !(settings.c_iflag & IUTF8);
        /* The pty began with these (tty_open()). Its own may be different by now: the payload is running. */
        r->pty = settings;
        relay_resume(r);
}

/* An editor, or a program that asks for a password, changes the input settings of its terminal. */
static bool payload_wants_terminal(const Relay *r)
{
        struct termios now;
        return r->wanted || r->asked ||
               (tcgetattr(r->master, &now) == 0 &&
                ((now.c_lflag ^ r->pty.c_lflag) & (ICANON | ECHO | ISIG)) != 0);
}

void relay_resume(Relay *r)
{
        if (r->master < 0 || r->raw)
                return;
        relay_resize(r);
        if (r->only_output)
                return;
        if (!tty_is_foreground(r->in) || (r->shared && (!tty_is_cooked(r->in) || !payload_wants_terminal(r))))
                return;
        r->raw = tty_set_raw(r->in, r->shared, &r->saved, &r->ours) == 0;
}

/* Examines new output of the payload, before it is written to the terminal. */
static void look_at_output(Relay *r)
{
        if (tty_query_scan(&r->query, r->to_caller.data + r->to_caller.start, pending(&r->to_caller)))
                r->asked = true;
        /* Takes the terminal before the output is visible: a password that is typed in response must not be
         * echoed. */
        if (r->shared && !r->raw)
                relay_resume(r);
}

/*
 * Waits for the terminal's automatic answers, and drops them. A terminal answers in order, so the answer to
 * kurung's own question (DSR of ECMA-48: "are you well?") is the last one. First, this cancels an unfinished
 * sequence of the payload, and switches off the reports that the payload switched on: of the mouse, the
 * focus, the colours, the size, and released keys.
 */
static void await_answers(Relay *r)
{
        static const char ask[] =
                "\x18\x1b\\\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?2031l\x1b[?2048l"
                "\x1b[=0u\x1b[5n";
        static const char well[] = "\x1b[0n";
        char tail[RELAY_BUFFER];
        size_t len = 0;
        uint64_t end = clock_us() + ANSWER_US;
        StreamsEnd soon = {.until = end};
        if (write_all(r, ask, sizeof(ask) - 1, &soon) < 0)
                return;
        for (int left; (left = clock_until(end)) > 0;) {
                struct pollfd p = {.fd = r->in, .events = POLLIN};
                if (poll(&p, 1, left) < 0 && errno != EINTR)
                        break;
                ssize_t n = p.revents ? read(r->in, tail + len, sizeof(tail) - len) : 0;
                if (p.revents && n <= 0)
                        break;
                len += (size_t)n;
                if (memmem(tail, len, well, sizeof(well) - 1)) {
                        r->asked = false;
                        return;
                }
                /* The answer may arrive in pieces. */
                size_t keep = len < sizeof(well) ? len : sizeof(well);
                memmove(tail, tail + len - keep, keep);
                len = keep;
        }
        (void)tcflush(r->in, TCIFLUSH);
        r->asked = false;
}

void relay_suspend(Relay *r)
{
        if (!r->raw)
                return;
        if (defence_is_on(DEFENCE_ANSWERS) && (r->asked || tty_query_is_open(&r->query)) &&
            tty_is_foreground(r->in))
                await_answers(r);
        r->query = (TtyQuery){.bytes = r->query.bytes};
        /* A program that has changed the settings restores them itself. */
        if (!r->shared || tty_has_settings(r->in, &r->ours))
                tty_restore(r->in, &r->saved);
        r->raw = false;
}

void relay_resize(Relay *r)
{
        if (r->master >= 0)
                (void)tty_copy_size(r->in, r->master);
}

static int stop_relaying(Relay *r, StreamsEnd *how)
{
        int lost = 0;
        if (r->master < 0)
                return 0;
        /* Writes the current content of the pty, and no more: other processes inside may continue to write to
         * it. */
        for (size_t taken = 0;; taken += pending(&r->to_caller)) {
                if (pending(&r->to_caller) > 0 && lost == 0)
                        lost = write_all(r, r->to_caller.data + r->to_caller.start, pending(&r->to_caller),
                                         how);
                r->to_caller.start = r->to_caller.end;
                if (taken >= PTY_HOLDS || !fill(&r->to_caller, r->master) || pending(&r->to_caller) == 0)
                        break;
                look_at_output(r);
        }
        relay_suspend(r);
        r->master = fd_close(r->master);
        r->out = fd_close(r->out);
        /* A terminal that hung up has no reader. */
        return lost == -EIO ? 0 : lost;
}

void relay_stop(Relay *r, Streams *streams, StreamsEnd how, Error *err)
{
        how.until = clock_us() + STREAM_DRAIN_MS * UINT64_C(1000);
        /* Earlier signals were for the payload, or report an exited child. */
        how.given_up = how.patient && how.signals >= 0 && signals_take_fatal(how.signals);
        log_set_patience(how.patient ? -1 : STREAM_DRAIN_MS, how.signals);
        int lost = stop_relaying(r, &how);
        if (lost < 0)
                streams_tell_lost("cannot write to the terminal", -lost, &how, err);
        streams_end(streams, &how, err);
}

int relay_poll_prepare(const Relay *r, struct pollfd fds[RELAY_POLLS])
{
        for (int i = 0; i < RELAY_POLLS; i++)
                fds[i] = (struct pollfd){.fd = -1};
        if (r->master < 0)
                return -1;
        bool reads =
                r->raw || (r->shared && !r->only_output && tty_is_foreground(r->in) && tty_is_cooked(r->in));
        if (reads && !r->in_ended && pending(&r->to_payload) == 0)
                fds[RELAY_IN] = (struct pollfd){.fd = r->in, .events = POLLIN};
        short events = (short)((pending(&r->to_caller) == 0 ? POLLIN : 0) |
                               (pending(&r->to_payload) > 0 ? POLLOUT : 0));
        if (events && !r->hung_up)
                fds[RELAY_MASTER] = (struct pollfd){.fd = r->master, .events = events};
        if (pending(&r->to_caller) > 0)
                fds[RELAY_OUT] = (struct pollfd){.fd = r->out, .events = POLLOUT};
        return (r->raw || r->in_ended) && !r->hung_up ? -1 : LOOK_MS;
}

/* Compares with the terminal's suspend character, and with the codes of Ctrl-Z in modes that distinguish keys
 * (CSI u, modifyOtherKeys). */
static bool ends_with_suspend(const Relay *r)
{
        static const char *const keys[] = {"\x1b[122;5u", "\x1b[27;5;122~"};
        const RelayBuffer *b = &r->to_payload;
        cc_t c = r->saved.c_cc[VSUSP];
        if (b->end == 0 || c == _POSIX_VDISABLE)
                return false;
        for (size_t i = 0; c == 'Z' - '@' && i < ARRAY_LEN(keys); i++) {
                size_t len = strlen(keys[i]);
                if (b->end >= len && memcmp(b->data + b->end - len, keys[i], len) == 0)
                        return true;
        }
        return (cc_t)b->data[b->end - 1] == c;
}

static void take_typed(Relay *r)
{
        /* A line was typed at a terminal from which no other program has read it: it is for the payload. */
        if (!r->raw) {
                r->wanted = true;
                relay_resume(r);
                return;
        }
        /* A pager has started, and now uses the terminal. */
        if (r->shared && !tty_has_settings(r->in, &r->ours)) {
                r->raw = r->wanted = false;
                return;
        }
        if (!fill(&r->to_payload, r->in)) {
                r->in_ended = true;
                return;
        }
        r->interrupt = r->interrupt || (r->saved.c_cc[VINTR] != _POSIX_VDISABLE &&
                                        memchr(r->to_payload.data, r->saved.c_cc[VINTR], r->to_payload.end));
        r->suspend = ends_with_suspend(r);
}

void relay_poll_handle(Relay *r, const struct pollfd fds[RELAY_POLLS])
{
        if (r->master < 0)
                return;
        if (!r->raw)
                relay_resume(r);
        if (fds[RELAY_IN].revents)
                take_typed(r);
        if (r->hung_up || fds[RELAY_MASTER].revents & (POLLIN | POLLHUP)) {
                bool had = pending(&r->to_caller) > 0;
                r->hung_up = !fill(&r->to_caller, r->master);
                if (!had && pending(&r->to_caller) > 0)
                        look_at_output(r);
        }
        if (fds[RELAY_MASTER].revents & POLLOUT)
                drain(&r->to_payload, r->master, false);
        if (fds[RELAY_OUT].revents)
                drain(&r->to_caller, r->out, r->waits);
}

void relay_drop_typed(Relay *r)
{
        r->to_payload.start = r->to_payload.end;
}

bool relay_take_interrupt(Relay *r)
{
        bool was = r->interrupt;
        r->interrupt = false;
        return was;
}

bool relay_take_suspend(Relay *r)
{
        bool was = r->suspend;
        r->suspend = false;
        return was;
}
