/* SPDX-License-Identifier: Apache-2.0 */
/* Checks each socket call that libslirp makes. */
#include "net/wall.h"

#include "net/sni.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

Wall wall = {.bound = FD_NONE};

/* A TLS connection whose first bytes are not whole yet. */
typedef struct Hello {
        PolicyTarget to;
        bool refused;
        size_t len;
        uint8_t bytes[SNI_BUFFER_MAX];
} Hello;

static Hello **hellos;  /* by descriptor */
static bool *unwritten; /* by descriptor: once a send(2) came back short */
static size_t n_hellos;

int wall_init(size_t files)
{
        hellos = calloc(files, sizeof(Hello *));
        unwritten = calloc(files, sizeof(bool));
        n_hellos = hellos && unwritten ? files : 0;
        return n_hellos > 0 ? 0 : -ENOMEM;
}

void wall_clear(void)
{
        for (size_t i = 0; i < n_hellos; i++)
                free(hellos[i]);
        free(hellos);
        free(unwritten);
        unwritten = NULL;
        hellos = NULL;
        n_hellos = 0;
}

static bool read_address(const struct sockaddr *sa, socklen_t len, NetAddress *address, uint16_t *port)
{
        *address = (NetAddress){0};
        if (sa && sa->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
                const struct sockaddr_in *in = (const void *)sa;
                address->family = AF_INET;
                memcpy(address->bytes, &in->sin_addr, 4);
                *port = ntohs(in->sin_port);
                return true;
        }
        if (sa && sa->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
                const struct sockaddr_in6 *in6 = (const void *)sa;
                address->family = AF_INET6;
                memcpy(address->bytes, &in6->sin6_addr, 16);
                *port = ntohs(in6->sin6_port);
                return true;
        }
        return false;
}

static bool is_loopback(const NetAddress *a)
{
        static const NetAddress loopback[] = {{.family = AF_INET, .bytes = {127, 0, 0, 1}},
                                              {.family = AF_INET6, .bytes = {[15] = 1}}};
        return net_address_eq(a, &loopback[net_family_index(a->family)]);
}

/* What the sandbox calls what libslirp is about to reach; false when no frame asked for it. */
static bool target_of(const NetAddress *address, uint16_t port, PolicyTarget *ret)
{
        const Frame *frame = &wall.filter->frame;
        const NetAddress *gateway = &net_site.gateway[net_family_index(address->family)];
        if (!wall.in_frame)
                return false;
        *ret = (PolicyTarget){.address = *address, .protocol = frame->protocol, .port = port};
        if (frame->protocol == NET_ICMP)
                ret->port = 0;
        /* libslirp makes the host's loopback of its gateway's address. */
        if (is_loopback(address) && net_address_eq(&frame->dest, gateway))
                ret->address = *gateway;
        return net_address_eq(&frame->dest, &ret->address) && frame->dest_port == ret->port;
}

/* Somebody came in by a published port, and this is the answer. */
static bool is_answer(const PolicyTarget *to)
{
        const FlowKey key = {.address = to->address,
                             .port = to->port,
                             .guest_port = wall.filter->frame.source_port,
                             .protocol = (uint16_t)to->protocol};
        const Flow *flow = flow_find(wall.filter->flows, &key, wall.now_ms, 0);
        return flow && flow->inbound;
}

static bool may_reach(const struct sockaddr *sa, socklen_t len, PolicyTarget *to, PolicyVerdict *verdict)
{
        NetAddress address;
        uint16_t port;
        *verdict = (PolicyVerdict){.action = POLICY_REFUSE, .why = WHY_NOT_NAMED, .rule = -1};
        if (!read_address(sa, len, &address, &port))
                return false;
        if (!target_of(&address, port, to) && !wall.says_yes)
                return false;
        policy_check(wall.filter->policy, to, wall.now_ms, verdict);
        if (wall.says_yes)
                return true;
        /* A datagram goes on when its pin is over, as the filter has it. */
        return verdict->action != POLICY_REFUSE || is_answer(to) ||
               (to->protocol != NET_TCP && verdict->lapsed);
}

static int refuse(const PolicyTarget *to, const PolicyVerdict *verdict)
{
        if (wall.refused && to->address.family != AF_UNSPEC)
                wall.refused(wall.userdata, to, NULL, verdict);
        errno = EACCES;
        return -1;
}

/* @fd becomes one end of a pair, the other is the resolver's. */
static int connect_resolver(int fd)
{
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
                return -1;
        CLEANUP_FD int theirs = ends[0], ours = ends[1];
        int r = wall.resolve ? wall.resolve(wall.userdata, ours) : -ENETUNREACH;
        if (r < 0) {
                errno = -r;
                return -1;
        }
        (void)TAKE_FD(ours);
        return dup3(theirs, fd, O_CLOEXEC) < 0 ? -1 : 0;
}

static void watch(const struct sockaddr *sa, socklen_t len)
{
        NetAddress address;
        uint16_t port;
        if (wall.watch && wall.inside && read_address(sa, len, &address, &port))
                wall.watch(&address, port);
}

static int real_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
        watch(sa, len);
        return (int)syscall(SYS_connect, fd, sa, len);
}

/* Which socket belongs to the connection that is being made. */
static void remember(int fd, const PolicyTarget *to)
{
        const FlowKey key = {.address = to->address,
                             .port = to->port,
                             .guest_port = wall.filter->frame.source_port,
                             .protocol = (uint16_t)to->protocol};
        Flow *flow = flow_find(wall.filter->flows, &key, wall.now_ms, 0);
        unwritten[fd] = false;
        if (flow)
                flow->fd = fd;
}

bool wall_is_written(int fd)
{
        return fd > 0 && (size_t)fd < n_hellos && !hellos[fd] && !unwritten[fd];
}

int connect(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
        const struct sockaddr *sa = addr.__sockaddr__;
        PolicyTarget to = {0};
        PolicyVerdict verdict;
        if (!wall.inside || wall.off)
                return real_connect(fd, sa, len);
        if (!may_reach(sa, len, &to, &verdict))
                return refuse(&to, &verdict);
        if (verdict.action == POLICY_RESOLVE)
                return connect_resolver(fd);
        if (fd < 0 || (size_t)fd >= n_hellos)
                return refuse(&to, &verdict);
        remember(fd, &to);
        if (verdict.check_sni && to.protocol == NET_TCP) {
                if (hellos[fd] || !(hellos[fd] = malloc(sizeof(Hello))))
                        return refuse(&to, &verdict);
                hellos[fd]->to = to;
                hellos[fd]->refused = false;
                hellos[fd]->len = 0;
        }
        return real_connect(fd, sa, len);
}

ssize_t sendto(int fd, const void *data, size_t n, int flags, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
        PolicyTarget to = {0};
        PolicyVerdict verdict;
        if (wall.inside && !wall.off && !may_reach(addr.__sockaddr__, len, &to, &verdict))
                return refuse(&to, &verdict);
        watch(addr.__sockaddr__, len);
        return syscall(SYS_sendto, fd, data, n, flags, addr.__sockaddr__, len);
}

static ssize_t real_send(int fd, const void *data, size_t n, int flags)
{
        return syscall(SYS_sendto, fd, data, n, flags | MSG_NOSIGNAL, NULL, 0);
}

/*
 * Ends a connection on both sides. What libslirp reads next decides what the sandbox gets: after shutdown(2)
 * it is the end of the stream, and libslirp makes a FIN of that unless the server has closed meanwhile. A
 * connection that is dissolved (connect(2), AF_UNSPEC) resets the server at once and reads as ECONNRESET, for
 * which libslirp sends a reset.
 */
static ssize_t reset(int fd, Hello *h, const char *name, const PolicyVerdict *verdict)
{
        const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
        h->refused = true;
        if (wall.refused)
                wall.refused(wall.userdata, &h->to, name, verdict);
        (void)syscall(SYS_connect, fd, &nowhere, sizeof(nowhere));
        errno = ECONNRESET;
        return -1;
}

/* Bytes of a client whose name is not known yet: kept until it is, then sent at once, or never. */
static ssize_t send_hello(int fd, Hello *h, const void *data, size_t n, int flags)
{
        char name[SNI_NAME_ROOM] = "";
        size_t len = 0;
        PolicyVerdict verdict = {.action = POLICY_REFUSE, .why = WHY_SNI, .rule = -1};
        if (h->refused) {
                errno = ECONNRESET;
                return -1;
        }
        size_t fits = SNI_BUFFER_MAX - h->len;
        bool all = n <= fits;
        memcpy(h->bytes + h->len, data, all ? n : fits);
        h->len += all ? n : fits;
        SniResult result = sni_parse(h->bytes, h->len, name, &len);
        if (result == SNI_MORE && all)
                return (ssize_t)n;
        if (result == SNI_NOT_TLS)
                verdict.action = POLICY_ALLOW;
        else if (result == SNI_NAME || result == SNI_NO_NAME)
                policy_check_sni(wall.filter->policy, &h->to, result == SNI_NAME ? name : NULL, len,
                                 wall.now_ms, &verdict);
        name[len < sizeof(name) ? len : sizeof(name) - 1] = '\0';
        if (verdict.action == POLICY_REFUSE)
                return reset(fd, h, name[0] ? name : NULL, &verdict);
        /* The first bytes of a connection fit its buffer. */
        if (real_send(fd, h->bytes, h->len, 0) != (ssize_t)h->len)
                return reset(fd, h, NULL, &verdict);
        free(h);
        hellos[fd] = NULL;
        if (all)
                return (ssize_t)n;
        ssize_t more = real_send(fd, (const char *)data + fits, n - fits, flags);
        unwritten[fd] = unwritten[fd] || more != (ssize_t)(n - fits);
        return (ssize_t)fits + (more > 0 ? more : 0);
}

ssize_t send(int fd, const void *data, size_t n, int flags)
{
        if (wall.inside && fd >= 0 && (size_t)fd < n_hellos && hellos[fd])
                return send_hello(fd, hellos[fd], data, n, flags);
        ssize_t sent = real_send(fd, data, n, flags);
        if (sent != (ssize_t)n && fd >= 0 && (size_t)fd < n_hellos)
                unwritten[fd] = true;
        return sent;
}

int close(int fd)
{
        if (fd >= 0 && (size_t)fd < n_hellos && hellos[fd]) {
                free(hellos[fd]);
                hellos[fd] = NULL;
        }
        if (wall.inside && wall.filter && wall.filter->accepted_fd == fd)
                wall.filter->accepted_fd = 0;
        return (int)syscall(SYS_close, fd);
}

/* Which socket belongs to the connection that comes in: libslirp sends its SYN at once. */
int accept(int fd, __SOCKADDR_ARG addr, socklen_t *restrict len)
{
        int r = (int)syscall(SYS_accept, fd, addr.__sockaddr__, len);
        if (r > 0 && (size_t)r < n_hellos && wall.inside && wall.filter) {
                unwritten[r] = false;
                wall.filter->accepted_fd = r;
        }
        return r;
}

/* libslirp's is 1, and some clients come at once. */
int listen(int fd, int backlog)
{
        (void)backlog;
        return (int)syscall(SYS_listen, fd, SOMAXCONN);
}

int bind(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
        wall.bound = fd;
        return (int)syscall(SYS_bind, fd, addr.__sockaddr__, len);
}
