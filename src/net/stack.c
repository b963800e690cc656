/* SPDX-License-Identifier: Apache-2.0 */
/* Connects libslirp with the tap device and the filter. */
#include "net/stack.h"

#include "net/wall.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

/* Maximum number of frames before sockets are polled again. */
#define BATCH 64
#define UP_QUEUE_MAX 16
#define IDLE_TIMEOUT_MS 1000 /* libslirp's, without a TCP timer */
/* Above this, the host's sockets are not read until queued data has been sent. */
#define DOWN_QUEUE_FULL (256 * 1024)
#define SEGMENT_HEADERS 74 /* Ethernet, IPv6, TCP */
#define UP_SEGMENT_MAX 32760

uint64_t clock_ns(void)
{
        struct timespec t;
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static bool queue_add(StackQueue *q, size_t max, const uint8_t *bytes, size_t len)
{
        uint8_t *copy = q->n < max ? malloc(len) : NULL;
        if (!copy)
                return false;
        memcpy(copy, bytes, len);
        q->items[(q->first + q->n++) % STACK_QUEUE_MAX] = (StackFrame){copy, len};
        q->bytes += len;
        return true;
}

static void queue_drop_first(StackQueue *q)
{
        StackFrame *f = &q->items[q->first];
        q->bytes -= f->len;
        free(f->bytes);
        *f = (StackFrame){0};
        q->first = (q->first + 1) % STACK_QUEUE_MAX;
        q->n--;
}

static void write_tap(Stack *s, const uint8_t *bytes, size_t len)
{
        /* A frame that the device does not accept is lost, as on a wire; TCP sends it again. */
        if (s->tap >= 0 && write(s->tap, bytes, len) == (ssize_t)len) {
                s->bytes_down += len;
                s->frames_down++;
        }
}

void stack_send(Stack *s, const uint8_t *bytes, size_t len)
{
        if (s->down.rate == 0) {
                write_tap(s, bytes, len);
                return;
        }
        bool small = len <= SHAPER_SMALL;
        if ((s->down_queue.n == 0 || small) && shaper_take(&s->down, len, clock_ns()))
                write_tap(s, bytes, len);
        else
                (void)queue_add(&s->down_queue, STACK_QUEUE_MAX, bytes, len);
}

static void drain_down(Stack *s)
{
        while (s->down_queue.n > 0) {
                const StackFrame *f = &s->down_queue.items[s->down_queue.first];
                if (!shaper_take(&s->down, f->len, clock_ns()))
                        return;
                write_tap(s, f->bytes, f->len);
                queue_drop_first(&s->down_queue);
        }
}

/* libslirp's callbacks */

/*
 * libslirp's window is 64 KiB, and a sender fills at most half of it with one segment. With a larger segment
 * size, Nagle's algorithm would treat these as small segments, and only one would be in flight at a time.
 */
static void send_small(Stack *s, const void *bytes, size_t len)
{
        uint8_t copy[SEGMENT_HEADERS + 40];
        memcpy(copy, bytes, len);
        frame_clamp_mss(copy, len, UP_SEGMENT_MAX);
        stack_send(s, copy, len);
}

static ssize_t on_packet(const void *bytes, size_t len, void *opaque)
{
        Stack *s = opaque;
        if (s->silent || filter_to_sandbox(s->filter, bytes, len, wall.now_ms) != FILTER_PASS)
                return (ssize_t)len;
        const Frame *frame = &s->filter->to_sandbox;
        conn_to_sandbox(&wall.conns, frame);
        if (frame->protocol == NET_TCP && (frame->flags & FRAME_SYN) && len <= SEGMENT_HEADERS + 40)
                send_small(s, bytes, len);
        else
                stack_send(s, bytes, len);
        return (ssize_t)len;
}

static void on_guest_error(const char *msg, void *opaque)
{
        (void)msg;
        (void)opaque;
}

static int64_t on_clock(void *opaque)
{
        (void)opaque;
        return (int64_t)clock_ns();
}

/* The only timer is for router advertisements, which the sandbox does not get. */
static void *on_timer_new(SlirpTimerCb cb, void *cb_opaque, void *opaque)
{
        (void)cb;
        (void)cb_opaque;
        return opaque;
}

static void on_timer_free(void *timer, void *opaque)
{
        (void)timer;
        (void)opaque;
}

static void on_timer_mod(void *timer, int64_t expire_time, void *opaque)
{
        (void)timer;
        (void)expire_time;
        (void)opaque;
}

static void on_poll_fd(int fd, void *opaque)
{
        (void)fd;
        (void)opaque;
}

static void on_notify(void *opaque)
{
        (void)opaque;
}

static const SlirpCb callbacks = {
        .send_packet = on_packet,
        .guest_error = on_guest_error,
        .clock_get_ns = on_clock,
        .timer_new = on_timer_new,
        .timer_free = on_timer_free,
        .timer_mod = on_timer_mod,
        .register_poll_fd = on_poll_fd,
        .unregister_poll_fd = on_poll_fd,
        .notify = on_notify,
};

static struct in_addr v4(const NetAddress *a)
{
        struct in_addr in;
        memcpy(&in, a->bytes, sizeof(in));
        return in;
}

static struct in6_addr v6(const NetAddress *a)
{
        struct in6_addr in6;
        memcpy(&in6, a->bytes, sizeof(in6));
        return in6;
}

/* Announces the sandbox, so that libslirp never has to ask for its address. */
static void announce(Stack *s)
{
        static const sa_family_t families[] = {AF_INET, AF_INET6};
        uint8_t frame[FRAME_ANSWER_MAX];
        s->silent = true;
        for (size_t i = 0; i < ARRAY_LEN(families); i++)
                slirp_input(s->slirp, frame, (int)frame_make_announcement(families[i], frame));
        s->silent = false;
}

int stack_new(const NetConfig *config, Filter *filter, Stack *ret, Error *err)
{
        Stack *s = ret;
        *s = (Stack){.filter = filter, .tap = FD_NONE};
        s->mtu = shaper_mtu(config->access.rate_up, config->access.rate_down, NET_MTU);
        shaper_init(&s->up, config->access.rate_up, clock_ns());
        shaper_init(&s->down, config->access.rate_down, clock_ns());
        const SlirpConfig cfg = {
                .version = 4,
                .in_enabled = true,
                .vnetwork = v4(&net_site.network[0]),
                .vnetmask = {.s_addr = htonl(UINT32_MAX << (32 - net_site.prefix[0]))},
                .vhost = v4(&net_site.gateway[0]),
                .in6_enabled = true,
                .vprefix_addr6 = v6(&net_site.network[1]),
                .vprefix_len = NET_LINK_PREFIX_IPV6,
                .vhost6 = v6(&net_site.gateway[1]),
                .vdhcp_start = v4(&net_guest[0]),
                .vnameserver = v4(&net_site.resolver[0]),
                .vnameserver6 = v6(&net_site.resolver[1]),
                .if_mtu = s->mtu,
                .if_mru = s->mtu,
                /* A client that reaches a published UDP port through the loopback is answered at the
                 * gateway's address, which would be closed without HostLoopback=. The filter and the wall
                 * keep that address closed. */
                .disable_host_loopback =
                        config->access.n_loopback_ports == 0 && config->access.n_publish == 0 && !wall.off,
                .disable_dns = true,
                .disable_dhcp = true,
        };
        s->slirp = slirp_new(&cfg, &callbacks, s);
        if (!s->slirp)
                return error_set(err, EINVAL, "cannot start libslirp");
        announce(s);
        return 0;
}

static socklen_t make_sockaddr(const NetAddress *a, uint16_t port, struct sockaddr_storage *ret)
{
        *ret = (struct sockaddr_storage){.ss_family = a->family};
        if (a->family == AF_INET) {
                struct sockaddr_in *in = (void *)ret;
                in->sin_port = htons(port);
                in->sin_addr = v4(a);
                return sizeof(*in);
        }
        struct sockaddr_in6 *in6 = (void *)ret;
        in6->sin6_port = htons(port);
        in6->sin6_addr = v6(a);
        return sizeof(*in6);
}

int stack_publish(Stack *s, NetPublish *p, Error *err)
{
        struct sockaddr_storage host, guest;
        char text[INET6_ADDRSTRLEN];
        bool is_v6 = p->address.family == AF_INET6;
        socklen_t host_len = make_sockaddr(&p->address, p->host_port, &host);
        socklen_t guest_len = make_sockaddr(&net_guest[is_v6], p->port, &guest);
        int flags = SLIRP_HOSTFWD_UDP | (is_v6 ? SLIRP_HOSTFWD_V6ONLY : 0);
        errno = 0;
        wall.bound = FD_NONE;
        if (slirp_add_hostxfwd(s->slirp, (struct sockaddr *)&host, host_len, (struct sockaddr *)&guest,
                               guest_len, flags) < 0)
                return error_set_errno(err, errno ? errno : EADDRINUSE, "Publish=: cannot bind port %u of %s",
                                       (unsigned)p->host_port,
                                       net_address_print(&p->address, text, sizeof(text)));
        socklen_t len = sizeof(host);
        if (getsockname(wall.bound, (struct sockaddr *)&host, &len) < 0)
                return error_set_errno(err, errno, "Publish=: cannot read the chosen port");
        p->host_port = ntohs(is_v6 ? ((struct sockaddr_in6 *)&host)->sin6_port
                                   : ((struct sockaddr_in *)&host)->sin_port);
        filter_publish(s->filter, p->address.family, p->port);
        return 0;
}

/* The loop */

static int on_add_poll(int fd, int events, void *opaque)
{
        PollSet *set = ((Stack *)opaque)->polls;
        if (set->n == set->room)
                return -1;
        short wanted =
                (short)(((events & SLIRP_POLL_IN) ? POLLIN : 0) | ((events & SLIRP_POLL_OUT) ? POLLOUT : 0) |
                        ((events & SLIRP_POLL_PRI) ? POLLPRI : 0));
        set->fds[set->n] = (struct pollfd){.fd = fd, .events = wanted};
        return (int)set->n++;
}

static int on_revents(int index, void *opaque)
{
        const PollSet *set = ((Stack *)opaque)->polls;
        if (index < 0 || (size_t)index >= set->n)
                return 0;
        short got = set->fds[index].revents;
        return ((got & POLLIN) ? SLIRP_POLL_IN : 0) | ((got & POLLOUT) ? SLIRP_POLL_OUT : 0) |
               ((got & POLLPRI) ? SLIRP_POLL_PRI : 0) | ((got & POLLERR) ? SLIRP_POLL_ERR : 0) |
               ((got & POLLHUP) ? SLIRP_POLL_HUP : 0);
}

void stack_poll_prepare(Stack *s, PollSet *polls, int *timeout_ms)
{
        uint32_t timeout = *timeout_ms < 0 ? UINT32_MAX : (uint32_t)*timeout_ms;
        s->polls = polls;
        size_t first = polls->n;
        slirp_pollfds_fill(s->slirp, &timeout, on_add_poll, s);
        /* libslirp requests a call every second, even if it has nothing to do: an idle helper sleeps. */
        bool idle = polls->n == first && timeout >= IDLE_TIMEOUT_MS;
        if (!idle && timeout < INT32_MAX)
                *timeout_ms = (int)timeout;
        if (s->down_queue.bytes > DOWN_QUEUE_FULL)
                for (size_t i = first; i < polls->n; i++)
                        polls->fds[i].events &= (short)~POLLIN;
        uint64_t now = clock_ns();
        if (s->up_queue.n > 0)
                shaper_limit_timeout(timeout_ms, shaper_wait_ns(&s->up, now));
        if (s->down_queue.n > 0)
                shaper_limit_timeout(timeout_ms, shaper_wait_ns(&s->down, now));
}

void stack_poll_handle(Stack *s, PollSet *polls)
{
        s->polls = polls;
        if (s->down_queue.n > 0)
                drain_down(s);
        wall.inside = true;
        slirp_pollfds_poll(s->slirp, 0, on_revents, s);
        wall.inside = false;
}

/*
 * Both ends have finished. libslirp would keep a socket and 256 KiB for each such connection for ten seconds
 * (RFC 9293, TIME-WAIT), in case its last answer is lost: a tap device loses nothing.
 */
static void forget_connection(Stack *s)
{
        uint8_t frame[FRAME_ANSWER_MAX];
        slirp_input(s->slirp, frame, (int)frame_make_close(&s->filter->frame, frame));
}

static void pass_on(Stack *s, const uint8_t *bytes, size_t len)
{
        const Frame *frame = &s->filter->frame;
        wall.inside = wall.in_frame = true;
        /* Checked before libslirp answers: a FIN in its answer to this frame may not have reached the sandbox
         * yet. */
        bool ends = conn_ended_by(&wall.conns, frame) != NULL;
        slirp_input(s->slirp, bytes, (int)len);
        wall.in_frame = false;
        const Conn *c = ends ? conn_ended_by(&wall.conns, frame) : NULL;
        if (c && conn_is_written(c))
                forget_connection(s);
        wall.inside = false;
}

void stack_input(Stack *s, const uint8_t *bytes, size_t len)
{
        switch (filter_from_sandbox(s->filter, bytes, len, wall.now_ms)) {
        case FILTER_PASS:
                pass_on(s, bytes, len);
                break;
        case FILTER_ANSWER:
                stack_send(s, s->filter->answer, s->filter->answer_len);
                break;
        case FILTER_RESOLVE:
                s->resolve(s->userdata, &s->filter->frame);
                break;
        case FILTER_DROP:
                break;
        }
}

static void drain_up(Stack *s)
{
        while (s->up_queue.n > 0) {
                const StackFrame *f = &s->up_queue.items[s->up_queue.first];
                if (!shaper_take(&s->up, f->len, clock_ns()))
                        return;
                stack_input(s, f->bytes, f->len);
                queue_drop_first(&s->up_queue);
        }
}

static void take_frame(Stack *s, const uint8_t *bytes, size_t len)
{
        s->bytes_up += len;
        s->frames_up++;
        bool waits = s->up_queue.n > 0 && len > SHAPER_SMALL;
        if (!waits && shaper_take(&s->up, len, clock_ns()))
                stack_input(s, bytes, len);
        else
                (void)queue_add(&s->up_queue, STACK_QUEUE_MAX, bytes, len);
}

bool stack_wants_tap(const Stack *s)
{
        return s->tap >= 0 && s->up_queue.n < UP_QUEUE_MAX;
}

int stack_read(Stack *s)
{
        static uint8_t buffer[NET_FRAME_MAX + 1];
        wall.now_ms = clock_ms();
        if (s->up.rate > 0)
                drain_up(s);
        for (int i = 0; i < BATCH; i++) {
                if (!stack_wants_tap(s))
                        return 0;
                ssize_t n = read(s->tap, buffer, sizeof(buffer));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : -errno;
                if (s->up.rate > 0)
                        take_frame(s, buffer, (size_t)n);
                else {
                        s->bytes_up += (size_t)n;
                        s->frames_up++;
                        stack_input(s, buffer, (size_t)n);
                }
        }
        return 1;
}

void stack_free(Stack *s)
{
        while (s->up_queue.n > 0)
                queue_drop_first(&s->up_queue);
        while (s->down_queue.n > 0)
                queue_drop_first(&s->down_queue);
        if (s->slirp)
                slirp_cleanup(s->slirp);
        s->slirp = NULL;
        s->tap = fd_close(s->tap);
}
