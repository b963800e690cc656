/* SPDX-License-Identifier: Apache-2.0 */
#include "run/relay.h"

#include "base/io.h"
#include "mech/tty.h"

#include <fcntl.h>

enum { POLL_IN, POLL_MASTER, POLL_OUT };

static size_t pending(const RelayBuffer *b)
{
        return b->end - b->start;
}

/* Returns false at the end of @fd. */
static bool fill(RelayBuffer *b, int fd)
{
        if (pending(b) > 0)
                return true;
        ssize_t n = read(fd, b->data, sizeof(b->data));
        if (n < 0)
                return errno == EAGAIN || errno == EINTR;
        b->start = 0;
        b->end = (size_t)n;
        return n > 0;
}

static void drain(RelayBuffer *b, int fd)
{
        if (pending(b) == 0)
                return;
        ssize_t n = write(fd, b->data + b->start, pending(b));
        if (n > 0)
                b->start += (size_t)n;
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
                b->start =
                        b->end; /* nobody reads any more: what comes is dropped, the payload must not block */
}

void relay_start(Relay *r, int master)
{
        r->master = master;
        (void)fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
        r->in = STDIN_FILENO;
        r->out = isatty(STDOUT_FILENO) ? STDOUT_FILENO : isatty(STDERR_FILENO) ? STDERR_FILENO : STDIN_FILENO;
        relay_resume(r);
}

void relay_resume(Relay *r)
{
        if (r->master < 0 || r->raw)
                return;
        relay_resize(r);
        if (tty_is_foreground(r->in))
                r->raw = tty_set_raw(r->in, &r->saved) == 0;
}

void relay_suspend(Relay *r)
{
        if (r->raw)
                tty_restore(r->in, &r->saved);
        r->raw = false;
}

void relay_resize(Relay *r)
{
        if (r->master >= 0)
                (void)tty_copy_size(r->in, r->master);
}

void relay_stop(Relay *r)
{
        if (r->master < 0)
                return;
        for (;;) {
                if (pending(&r->to_caller) > 0)
                        (void)io_write_all(r->out, r->to_caller.data + r->to_caller.start,
                                           pending(&r->to_caller));
                r->to_caller.start = r->to_caller.end;
                ssize_t n = read(r->master, r->to_caller.data, sizeof(r->to_caller.data));
                if (n <= 0)
                        break;
                r->to_caller.start = 0;
                r->to_caller.end = (size_t)n;
        }
        relay_suspend(r);
        r->master = fd_close(r->master);
}

void relay_poll_prepare(const Relay *r, struct pollfd fds[RELAY_POLLS])
{
        for (int i = 0; i < RELAY_POLLS; i++)
                fds[i] = (struct pollfd){.fd = -1};
        if (r->master < 0)
                return;
        if (r->raw && !r->in_ended && pending(&r->to_payload) == 0)
                fds[POLL_IN] = (struct pollfd){.fd = r->in, .events = POLLIN};
        short events = (short)((pending(&r->to_caller) == 0 ? POLLIN : 0) |
                               (pending(&r->to_payload) > 0 ? POLLOUT : 0));
        if (events)
                fds[POLL_MASTER] = (struct pollfd){.fd = r->master, .events = events};
        if (pending(&r->to_caller) > 0)
                fds[POLL_OUT] = (struct pollfd){.fd = r->out, .events = POLLOUT};
}

void relay_poll_handle(Relay *r, const struct pollfd fds[RELAY_POLLS])
{
        if (r->master < 0)
                return;
        if (fds[POLL_IN].revents) {
                if (!fill(&r->to_payload, r->in))
                        r->in_ended = true;
                if (r->watch_interrupt && memchr(r->to_payload.data, r->saved.c_cc[VINTR], r->to_payload.end))
                        r->interrupt = true;
        }
        if (fds[POLL_MASTER].revents & (POLLIN | POLLHUP))
                (void)fill(&r->to_caller, r->master);
        if (fds[POLL_MASTER].revents & POLLOUT)
                drain(&r->to_payload, r->master);
        if (fds[POLL_OUT].revents)
                drain(&r->to_caller, r->out);
}

bool relay_take_interrupt(Relay *r)
{
        bool was = r->interrupt;
        r->interrupt = false;
        return was;
}
