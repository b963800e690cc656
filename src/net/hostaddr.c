/* SPDX-License-Identifier: Apache-2.0 */
/* Follows the host's addresses by rtnetlink. */
#include "net/hostaddr.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define SEQUENCE 1

static int add_address(HostAddresses *h, const NetAddress *a)
{
        for (size_t i = 0; i < h->n; i++)
                if (net_address_eq(&h->items[i], a))
                        return 0;
        if (h->n == POLICY_HOST_ADDRESSES_MAX)
                return -E2BIG;
        h->items[h->n++] = *a;
        return 0;
}

static int parse_address(const struct nlmsghdr *msg, size_t len, HostAddresses *h)
{
        struct ifaddrmsg ifa;
        if (len < NLMSG_LENGTH(sizeof(ifa)))
                return -EBADMSG;
        memcpy(&ifa, NLMSG_DATA(msg), sizeof(ifa));
        size_t size = ifa.ifa_family == AF_INET ? 4 : 16;
        if (ifa.ifa_family != AF_INET && ifa.ifa_family != AF_INET6)
                return 0;
        const uint8_t *p = (const uint8_t *)msg + NLMSG_SPACE(sizeof(ifa));
        const uint8_t *end = (const uint8_t *)msg + len;
        while (end - p >= (ptrdiff_t)sizeof(struct rtattr)) {
                struct rtattr attr;
                memcpy(&attr, p, sizeof(attr));
                if (attr.rta_len < sizeof(attr) || attr.rta_len > end - p)
                        return -EBADMSG;
                bool is_address = attr.rta_type == IFA_LOCAL || attr.rta_type == IFA_ADDRESS ||
                                  attr.rta_type == IFA_BROADCAST || attr.rta_type == IFA_ANYCAST;
                if (is_address && attr.rta_len == RTA_LENGTH(size)) {
                        NetAddress a = {.family = ifa.ifa_family};
                        memcpy(a.bytes, p + RTA_LENGTH(0), size);
                        int r = add_address(h, &a);
                        if (r < 0)
                                return r;
                }
                size_t step = RTA_ALIGN(attr.rta_len);
                p += step > (size_t)(end - p) ? (size_t)(end - p) : step;
        }
        return 0;
}

int host_addresses_parse(const void *data, size_t len, HostAddresses *h)
{
        for (const struct nlmsghdr *msg = data; len >= sizeof(*msg);) {
                if (msg->nlmsg_len < sizeof(*msg) || msg->nlmsg_len > len)
                        return -EBADMSG;
                if (msg->nlmsg_type == NLMSG_DONE)
                        return 1;
                if (msg->nlmsg_type == NLMSG_ERROR) {
                        struct nlmsgerr e;
                        if (msg->nlmsg_len < NLMSG_LENGTH(sizeof(e)))
                                return -EBADMSG;
                        memcpy(&e, NLMSG_DATA(msg), sizeof(e));
                        return e.error < 0 ? e.error : 0;
                }
                int r = msg->nlmsg_type == RTM_NEWADDR ? parse_address(msg, msg->nlmsg_len, h) : 0;
                if (r < 0)
                        return r;
                size_t step = NLMSG_ALIGN(msg->nlmsg_len);
                len -= step > len ? len : step;
                msg = (const void *)((const uint8_t *)msg + step);
        }
        return 0;
}

/* Drops pending changes, or the error that there were too many (ENOBUFS): all addresses are requested again
 * anyway. */
static void drain(int fd)
{
        char buffer[8192];
        while (recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT) >= 0 || errno == ENOBUFS || errno == EINTR)
                ;
}

int host_addresses_read(HostAddresses *h)
{
        const struct {
                struct nlmsghdr head;
                struct ifaddrmsg ifa;
        } request = {.head = {.nlmsg_len = sizeof(request),
                              .nlmsg_type = RTM_GETADDR,
                              .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                              .nlmsg_seq = SEQUENCE}};
        _Alignas(struct nlmsghdr) static char buffer[32768];
        drain(h->fd);
        h->n = 0;
        if (send(h->fd, &request, sizeof(request), 0) < 0)
                return -errno;
        for (;;) {
                ssize_t n = recv(h->fd, buffer, sizeof(buffer), 0);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                int r = host_addresses_parse(buffer, (size_t)n, h);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
}

int host_addresses_open(HostAddresses *h)
{
        struct sockaddr_nl self = {.nl_family = AF_NETLINK,
                                   .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
        CLEANUP_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (fd < 0 || bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0)
                return -errno;
        h->fd = fd;
        int r = host_addresses_read(h);
        if (r < 0) {
                h->fd = FD_NONE;
                return r;
        }
        (void)TAKE_FD(fd);
        return 0;
}
