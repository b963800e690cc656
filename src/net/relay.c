/* SPDX-License-Identifier: Apache-2.0 */
/* Passes connections to published TCP ports on to the sandbox. */
#include "net/relay.h"

#include "base/fds.h"
#include "net/site.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define PIECE_MAX 65536
#define PIECE_MIN 1500
/* Pieces that one connection may pass before the others are polled. */
#define PIECES_A_ROUND 8
#define ACCEPTS_A_ROUND 16
/* The sandbox's address and its loopback address, of both families. */
#define ADDRESSES 4

void relay_init(RelayTable *t, Stack *stack)
{
        *t = (RelayTable){.sockets = FD_NONE, .stack = stack};
}

static socklen_t make_sockaddr(const NetAddress *a, uint16_t port, struct sockaddr_storage *ret)
{
        *ret = (struct sockaddr_storage){.ss_family = a->family};
        if (a->family == AF_INET) {
                struct sockaddr_in *in = (void *)ret;
                in->sin_port = htons(port);
                memcpy(&in->sin_addr, a->bytes, sizeof(in->sin_addr));
                return sizeof(*in);
        }
        struct sockaddr_in6 *in6 = (void *)ret;
        in6->sin6_port = htons(port);
        memcpy(&in6->sin6_addr, a->bytes, sizeof(in6->sin6_addr));
        return sizeof(*in6);
}

static int bind_port(int fd, NetPublish *p)
{
        const int on = 1;
        struct sockaddr_storage host;
        socklen_t len = make_sockaddr(&p->address, p->host_port, &host);
        bool is_v6 = p->address.family == AF_INET6;
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
            (is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
            bind(fd, (struct sockaddr *)&host, len) < 0 || listen(fd, SOMAXCONN) < 0 ||
            getsockname(fd, (struct sockaddr *)&host, &len) < 0)
                return -errno;
        p->host_port = ntohs(is_v6 ? ((struct sockaddr_in6 *)&host)->sin6_port
                                   : ((struct sockaddr_in *)&host)->sin_port);
        return 0;
}

int relay_publish(RelayTable *t, NetPublish *p, Error *err)
{
        char text[INET6_ADDRSTRLEN];
        CLEANUP_FD int fd = socket(p->address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int r = bind_port(fd, p);
        if (r < 0)
                return error_set_errno(err, r, "Publish=: cannot bind port %u of %s", (unsigned)p->host_port,
                                       net_address_print(&p->address, text, sizeof(text)));
        if (!t->items && !(t->items = calloc(RELAY_MAX, sizeof(*t->items))))
                return error_no_memory(err);
        t->ports[t->n_ports++] =
                (RelayPort){.fd = TAKE_FD(fd), .port = p->port, .is_v6 = p->address.family == AF_INET6};
        return 0;
}

/* The end of a connection */

static void free_relay(Relay *c)
{
        fd_close(c->outer);
        fd_close(c->inner);
        free(c->in.bytes);
        free(c->out.bytes);
        *c = (Relay){.outer = FD_NONE, .inner = FD_NONE};
}

/* Both sides see a reset, as that of a port on which nothing listens, or of a peer that failed. */
static void reset(Relay *c)
{
        const struct linger none = {.l_onoff = 1};
        (void)setsockopt(c->outer, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
        if (c->inner >= 0)
                (void)setsockopt(c->inner, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
        free_relay(c);
}

static void reset_all(RelayTable *t)
{
        t->sockets = fd_close(t->sockets);
        t->asked = NULL;
        for (size_t i = 0; i < RELAY_MAX; i++)
                if (t->items[i].state != RELAY_FREE)
                        reset(&t->items[i]);
}

/* The way to the sandbox */

/* Returns the @i-th address to try: the sandbox's and its loopback, first those of the client's family. */
static NetAddress address_of(const Relay *c, unsigned i)
{
        static const NetAddress loopback[] = {{.family = AF_INET, .bytes = {127, 0, 0, 1}},
                                              {.family = AF_INET6, .bytes = {[15] = 1}}};
        bool is_v6 = (i / 2 == 1) != c->is_v6;
        return i % 2 == 0 ? net_guest[is_v6] : loopback[is_v6];
}

/* Asks init for one socket at a time, so that its answers need no names. */
static void ask(RelayTable *t)
{
        if (t->sockets < 0 || t->asked)
                return;
        for (size_t i = 0; i < RELAY_MAX; i++) {
                Relay *c = &t->items[i];
                if (c->state != RELAY_WAITS)
                        continue;
                if (c->next == ADDRESSES) {
                        reset(c);
                        continue;
                }
                const uint8_t family =
                        address_of(c, c->next).family == AF_INET6 ? RELAY_ASK_IPV6 : RELAY_ASK_IPV4;
                if (fds_send(t->sockets, &family, sizeof(family), NULL, 0, MSG_DONTWAIT) < 0) {
                        reset_all(t);
                        return;
                }
                c->state = RELAY_ASKED;
                t->asked = c;
                return;
        }
}

static void try_next(Relay *c)
{
        c->inner = fd_close(c->inner);
        c->next++;
        c->state = RELAY_WAITS;
}

static void open_relay(Relay *c)
{
        c->in.bytes = malloc(PIECE_MAX);
        c->out.bytes = malloc(PIECE_MAX);
        if (!c->in.bytes || !c->out.bytes)
                reset(c);
        else
                c->state = RELAY_OPEN;
}

static void begin_connect(Relay *c, int fd)
{
        struct sockaddr_storage to;
        const NetAddress address = address_of(c, c->next);
        socklen_t len = make_sockaddr(&address, c->port, &to);
        c->inner = fd;
        if (connect(fd, (struct sockaddr *)&to, len) == 0)
                open_relay(c);
        else if (errno == EINPROGRESS)
                c->state = RELAY_CONNECTS;
        else
                try_next(c);
}

static void take_socket(RelayTable *t)
{
        CLEANUP_FD int fd = FD_NONE;
        uint8_t answer = 0;
        size_t n_fds = 0;
        ssize_t n = fds_receive(t->sockets, &answer, sizeof(answer), MSG_DONTWAIT, &fd, 1, &n_fds);
        if (n == -EAGAIN)
                return;
        Relay *c = t->asked;
        if (n != sizeof(answer) || !c) {
                reset_all(t);
                return;
        }
        t->asked = NULL;
        if (fd >= 0)
                begin_connect(c, TAKE_FD(fd));
        else
                try_next(c);
}

static void see_whether_connected(Relay *c)
{
        int error = 0;
        socklen_t len = sizeof(error);
        if (getsockopt(c->inner, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error != 0)
                try_next(c);
        else
                open_relay(c);
}

/* Bytes */

static size_t piece(const Shaper *s)
{
        uint64_t size = s->rate / 50;
        return s->rate == 0 || size > PIECE_MAX ? PIECE_MAX : size < PIECE_MIN ? PIECE_MIN : (size_t)size;
}

/* Returns whether more may be read now: nothing waits, and the limit of the rate permits it. */
static bool wants_bytes(const RelayPipe *p, Shaper *s)
{
        return p->len == 0 && !p->read_all && shaper_wait_ns(s, clock_ns()) == 0;
}

/* Returns 1: something was read; 0: not now; -errno. */
static int read_pipe(RelayPipe *p, int from, Shaper *s, uint64_t *count)
{
        if (!wants_bytes(p, s))
                return 0;
        ssize_t n = recv(from, p->bytes, piece(s), MSG_DONTWAIT);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        p->read_all = n == 0;
        p->at = 0;
        p->len = (size_t)n;
        *count += (uint64_t)n;
        (void)shaper_take(s, (size_t)n, clock_ns());
        return 1;
}

/* Returns 0, or -errno. */
static int write_pipe(RelayPipe *p, int to)
{
        while (p->len > 0) {
                ssize_t n = send(to, p->bytes + p->at, p->len, MSG_DONTWAIT | MSG_NOSIGNAL);
                if (n < 0)
                        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
                p->at += (size_t)n;
                p->len -= (size_t)n;
        }
        if (p->read_all && !p->closed) {
                p->closed = true;
                return shutdown(to, SHUT_WR) < 0 && errno != ENOTCONN ? -errno : 0;
        }
        return 0;
}

static int pass(RelayPipe *p, int from, int to, Shaper *s, uint64_t *count)
{
        int r = write_pipe(p, to);
        for (unsigned i = 0; r == 0 && i < PIECES_A_ROUND; i++) {
                int filled = read_pipe(p, from, s, count);
                r = filled < 0 ? filled : write_pipe(p, to);
                if (filled == 0)
                        break;
        }
        return r;
}

static void pass_both(RelayTable *t, Relay *c)
{
        Stack *s = t->stack;
        int r = pass(&c->in, c->outer, c->inner, &s->down, &s->bytes_down);
        if (r == 0)
                r = pass(&c->out, c->inner, c->outer, &s->up, &s->bytes_up);
        if (r < 0)
                reset(c);
        else if (c->in.closed && c->out.closed)
                free_relay(c);
}

/* The loop */

static Relay *free_place(RelayTable *t)
{
        for (size_t i = 0; i < RELAY_MAX; i++)
                if (t->items[i].state == RELAY_FREE)
                        return &t->items[i];
        return NULL;
}

static void accept_some(RelayTable *t, const RelayPort *p)
{
        Relay *c;
        for (unsigned i = 0; i < ACCEPTS_A_ROUND && (c = free_place(t)); i++) {
                int fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (fd < 0)
                        return;
                *c = (Relay){.state = RELAY_WAITS,
                             .outer = fd,
                             .inner = FD_NONE,
                             .port = p->port,
                             .is_v6 = p->is_v6};
        }
}

static size_t add_poll(PollSet *polls, int fd, int events)
{
        if (polls->n == polls->room)
                return SIZE_MAX;
        /* Without events, a descriptor whose peer has gone would end each wait at once. */
        polls->fds[polls->n] = (struct pollfd){.fd = events ? fd : -1, .events = (short)events};
        return polls->n++;
}

static void limit(int *timeout_ms, uint64_t wait_ns)
{
        if (wait_ns > 0)
                shaper_limit_timeout(timeout_ms, wait_ns);
}

static void prepare_relay(RelayTable *t, Relay *c, PollSet *polls, int *timeout_ms)
{
        Stack *s = t->stack;
        c->outer_at = c->inner_at = SIZE_MAX;
        if (c->state == RELAY_CONNECTS)
                c->inner_at = add_poll(polls, c->inner, POLLOUT);
        if (c->state != RELAY_OPEN)
                return;
        if (c->in.len == 0 && !c->in.read_all)
                limit(timeout_ms, shaper_wait_ns(&s->down, clock_ns()));
        if (c->out.len == 0 && !c->out.read_all)
                limit(timeout_ms, shaper_wait_ns(&s->up, clock_ns()));
        c->outer_at = add_poll(polls, c->outer,
                               (wants_bytes(&c->in, &s->down) ? POLLIN : 0) | (c->out.len > 0 ? POLLOUT : 0));
        c->inner_at = add_poll(polls, c->inner,
                               (wants_bytes(&c->out, &s->up) ? POLLIN : 0) | (c->in.len > 0 ? POLLOUT : 0));
}

void relay_poll_prepare(RelayTable *t, PollSet *polls, int *timeout_ms)
{
        t->polled_at = polls->n;
        if (!t->items)
                return;
        bool accepts = t->sockets >= 0 && free_place(t);
        (void)add_poll(polls, t->sockets, t->sockets >= 0 ? POLLIN : 0);
        for (size_t i = 0; i < t->n_ports; i++)
                (void)add_poll(polls, t->ports[i].fd, accepts ? POLLIN : 0);
        for (size_t i = 0; i < RELAY_MAX; i++)
                prepare_relay(t, &t->items[i], polls, timeout_ms);
}

static bool has_event(const PollSet *polls, size_t at)
{
        return at < polls->n && polls->fds[at].revents != 0;
}

void relay_poll_handle(RelayTable *t, const PollSet *polls)
{
        if (!t->items)
                return;
        for (size_t i = 0; i < RELAY_MAX; i++) {
                Relay *c = &t->items[i];
                bool event = has_event(polls, c->outer_at) || has_event(polls, c->inner_at);
                c->outer_at = c->inner_at = SIZE_MAX;
                if (c->state == RELAY_CONNECTS && event)
                        see_whether_connected(c);
                else if (c->state == RELAY_OPEN && event)
                        pass_both(t, c);
        }
        if (t->sockets >= 0 && has_event(polls, t->polled_at))
                take_socket(t);
        for (size_t i = 0; i < t->n_ports; i++)
                if (t->sockets >= 0 && has_event(polls, t->polled_at + 1 + i))
                        accept_some(t, &t->ports[i]);
        ask(t);
}
