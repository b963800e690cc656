/* SPDX-License-Identifier: Apache-2.0 */
/* Replaces the socket calls of libc that libslirp makes. */
#include "net/wall.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

Wall wall = {.bound = FD_NONE};

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

static bool may_reach(bool is_stream, const struct sockaddr *sa, socklen_t len, Destination *to,
                      PolicyVerdict *verdict)
{
        NetAddress address;
        uint16_t port;
        if (!read_address(sa, len, &address, &port)) {
                errno = EACCES;
                return false;
        }
        const Frame *frame = wall.in_frame ? &wall.filter->frame : NULL;
        if (destination_check(wall.filter, frame, is_stream, &address, port, wall.now_ms, to, verdict) ||
            wall.says_yes)
                return true;
        if (wall.conns.refused)
                wall.conns.refused(wall.conns.userdata, &to->named, NULL, verdict);
        errno = EACCES;
        return false;
}

/* Replaces @fd by one end of a pair; the other belongs to the resolver. */
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

int connect(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
        const struct sockaddr *sa = addr.__sockaddr__;
        Destination to;
        PolicyVerdict verdict;
        if (!wall.inside || wall.off)
                return real_connect(fd, sa, len);
        if (!may_reach(true, sa, len, &to, &verdict))
                return -1;
        if (verdict.action == POLICY_RESOLVE)
                return connect_resolver(fd);
        if (!conn_open(&wall.conns, fd, &to, wall.filter->frame.source_port, verdict.check_sni)) {
                errno = EACCES;
                return -1;
        }
        return real_connect(fd, sa, len);
}

ssize_t sendto(int fd, const void *data, size_t n, int flags, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
        const struct sockaddr *sa = addr.__sockaddr__;
        Destination to;
        PolicyVerdict verdict;
        if (wall.inside && !wall.off && !may_reach(false, sa, len, &to, &verdict))
                return -1;
        watch(sa, len);
        return syscall(SYS_sendto, fd, data, n, flags, sa, len);
}

static ssize_t real_send(int fd, const void *data, size_t n, int flags)
{
        return syscall(SYS_sendto, fd, data, n, flags | MSG_NOSIGNAL, NULL, 0);
}

/* The first bytes of a connection fit into its buffer. */
static bool send_first(int fd, Conn *c)
{
        size_t len;
        const uint8_t *bytes = conn_first_bytes(c, &len);
        bool sent = real_send(fd, bytes, len, 0) == (ssize_t)len;
        conn_said_first(c, sent);
        return sent;
}

/*
 * Ends a connection on both sides. libslirp's next read decides what the sandbox gets. After shutdown(2) it
 * is the end of the stream, from which libslirp makes a FIN unless the server has closed in the meantime.
 * Dissolving the connection (connect(2), AF_UNSPEC) resets the server at once, and the read returns
 * ECONNRESET, for which libslirp sends a reset.
 */
static ssize_t reset(int fd)
{
        const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
        (void)syscall(SYS_connect, fd, &nowhere, sizeof(nowhere));
        errno = ECONNRESET;
        return -1;
}

ssize_t send(int fd, const void *data, size_t n, int flags)
{
        size_t kept = 0;
        Conn *c = wall.inside ? conn_find(&wall.conns, fd) : NULL;
        ConnSay say = c ? conn_say(&wall.conns, c, wall.filter->policy, data, n, wall.now_ms, &kept)
                        : CONN_SAY_SEND;
        if (say == CONN_SAY_KEEP)
                return (ssize_t)n;
        if (say == CONN_SAY_RESET || (say == CONN_SAY_FIRST && !send_first(fd, c)))
                return reset(fd);
        if (kept > 0 && kept == n)
                return (ssize_t)n;
        ssize_t sent = real_send(fd, (const char *)data + kept, n - kept, flags);
        if (c && sent != (ssize_t)(n - kept))
                c->short_write = true;
        if (kept == 0)
                return sent;
        return (ssize_t)kept + (sent > 0 ? sent : 0);
}

int close(int fd)
{
        conn_close(&wall.conns, fd);
        return (int)syscall(SYS_close, fd);
}

int bind(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
        wall.bound = fd;
        return (int)syscall(SYS_bind, fd, addr.__sockaddr__, len);
}
