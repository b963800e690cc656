/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the tap device with its addresses and routes. */
#include "mech/tap.h"

#include "mech/sysctl.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Constants of linux/if_link.h, which conflicts with net/if.h. */
#define ADDR_GEN_MODE 8
#define ADDR_GEN_MODE_NONE 1

#define REQUEST_MAX 512

/* A request to rtnetlink(7) under construction. */
typedef struct Request {
        struct nlmsghdr head;
        char body[REQUEST_MAX];
} Request;

static void begin_request(Request *q, uint16_t type, uint16_t flags, const void *body, size_t len)
{
        *q = (Request){0};
        q->head = (struct nlmsghdr){.nlmsg_len = (uint32_t)NLMSG_LENGTH(len),
                                    .nlmsg_type = type,
                                    .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags)};
        memcpy(q->body, body, len);
}

/* Returns the attribute, for end() if it contains others. */
static struct rtattr *attribute(Request *q, uint16_t type, const void *data, size_t len)
{
        struct rtattr *a = (void *)((char *)&q->head + NLMSG_ALIGN(q->head.nlmsg_len));
        a->rta_type = type;
        a->rta_len = (uint16_t)RTA_LENGTH(len);
        if (len > 0)
                memcpy(RTA_DATA(a), data, len);
        q->head.nlmsg_len = NLMSG_ALIGN(q->head.nlmsg_len) + (uint32_t)RTA_ALIGN(a->rta_len);
        return a;
}

static void end(Request *q, struct rtattr *a)
{
        a->rta_len = (uint16_t)((char *)&q->head + q->head.nlmsg_len - (char *)a);
}

static int talk(int fd, const Request *q)
{
        struct {
                struct nlmsghdr head;
                struct nlmsgerr err;
                char rest[REQUEST_MAX];
        } answer;
        if (send(fd, q, q->head.nlmsg_len, 0) < 0)
                return -errno;
        ssize_t n = recv(fd, &answer, sizeof(answer), 0);
        if (n < 0)
                return -errno;
        if ((size_t)n < NLMSG_LENGTH(sizeof(answer.err)) || answer.head.nlmsg_type != NLMSG_ERROR)
                return -EBADMSG;
        return answer.err.error;
}

static int set_link(int fd, int index, const TapSettings *s)
{
        const struct ifinfomsg info = {.ifi_index = index};
        const uint32_t mtu = s->mtu;
        Request q;
        begin_request(&q, RTM_NEWLINK, 0, &info, sizeof(info));
        (void)attribute(&q, IFLA_MTU, &mtu, sizeof(mtu));
        (void)attribute(&q, IFLA_ADDRESS, s->mac, sizeof(s->mac));
        return talk(fd, &q);
}

/* Disables the link-local address, because there is no link. This fails in a kernel without IPv6, which has
 * none. */
static void no_link_local(int fd, int index)
{
        const struct ifinfomsg info = {.ifi_index = index};
        const uint8_t mode = ADDR_GEN_MODE_NONE;
        Request q;
        begin_request(&q, RTM_NEWLINK, 0, &info, sizeof(info));
        struct rtattr *spec = attribute(&q, IFLA_AF_SPEC, NULL, 0);
        struct rtattr *inet6 = attribute(&q, AF_INET6, NULL, 0);
        (void)attribute(&q, ADDR_GEN_MODE, &mode, sizeof(mode));
        end(&q, inet6);
        end(&q, spec);
        (void)talk(fd, &q);
}

static int bring_up(int fd, int index)
{
        const struct ifinfomsg info = {
                .ifi_index = index, .ifi_flags = IFF_UP | IFF_NOARP, .ifi_change = IFF_UP | IFF_NOARP};
        Request q;
        begin_request(&q, RTM_NEWLINK, 0, &info, sizeof(info));
        return talk(fd, &q);
}

static int add_address(int fd, int index, const TapAddress *a)
{
        size_t size = a->family == AF_INET ? 4 : 16;
        const struct ifaddrmsg ifa = {.ifa_family = (uint8_t)a->family,
                                      .ifa_prefixlen = (uint8_t)a->prefix,
                                      .ifa_flags = a->family == AF_INET6 ? IFA_F_NODAD : 0,
                                      .ifa_index = (unsigned)index};
        Request q;
        begin_request(&q, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &ifa, sizeof(ifa));
        (void)attribute(&q, IFA_LOCAL, a->address, size);
        (void)attribute(&q, IFA_ADDRESS, a->address, size);
        return talk(fd, &q);
}

static int add_default_route(int fd, int index, const TapAddress *a)
{
        size_t size = a->family == AF_INET ? 4 : 16;
        const struct rtmsg route = {.rtm_family = (uint8_t)a->family,
                                    .rtm_table = RT_TABLE_MAIN,
                                    .rtm_protocol = RTPROT_BOOT,
                                    .rtm_scope = RT_SCOPE_UNIVERSE,
                                    .rtm_type = RTN_UNICAST};
        Request q;
        begin_request(&q, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof(route));
        (void)attribute(&q, RTA_GATEWAY, a->gateway, size);
        (void)attribute(&q, RTA_OIF, &index, sizeof(index));
        return talk(fd, &q);
}

static int configure(const TapSettings *s, Error *err)
{
        CLEANUP_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        int index = (int)if_nametoindex(s->name);
        if (fd < 0 || index == 0)
                return error_set_errno(err, errno, "cannot examine '%s'", s->name);
        int r = set_link(fd, index, s);
        no_link_local(fd, index);
        if (r == 0)
                r = bring_up(fd, index);
        if (r < 0)
                return error_set_errno(err, r, "cannot bring '%s' up", s->name);
        for (size_t i = 0; i < s->n_addresses; i++) {
                const TapAddress *a = &s->addresses[i];
                r = add_address(fd, index, a);
                if (r == 0)
                        r = add_default_route(fd, index, a);
                /* IPv6 is missing in this kernel, or disabled: use IPv4 only. */
                if (r < 0 && a->family == AF_INET6)
                        continue;
                if (r < 0)
                        return error_set_errno(err, r, "cannot set the address of '%s'", s->name);
        }
        return 0;
}

int tap_make(const TapSettings *s, int *ret_fd, Error *err)
{
        CLEANUP_FD int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(err, errno,
                                       "cannot open /dev/net/tun (\"kurung doctor\" prints the remedy)");
        struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
        (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", s->name);
        if (ioctl(fd, TUNSETIFF, &request) < 0)
                return error_set_errno(err, errno, "cannot create the tap device '%s'", s->name);
        /* Otherwise, closing the last descriptor would take the device down first, which takes longer than a
         * small sandbox runs. So the device disappears with its namespace, for which nothing waits. */
        if (ioctl(fd, TUNSETPERSIST, 1) < 0)
                return error_set_errno(err, errno, "cannot keep the tap device '%s'", s->name);
        int r = configure(s, err);
        if (r == 0)
                *ret_fd = TAKE_FD(fd);
        return r;
}

void tap_take_down(int fd)
{
        (void)ioctl(fd, TUNSETPERSIST, 0);
        (void)fd_close(fd);
}

void tap_let_ping(gid_t gid)
{
        char range[32];
        (void)snprintf(range, sizeof(range), "%u %u", gid, gid);
        (void)sysctl_write("net/ipv4/ping_group_range", range, NULL);
}
