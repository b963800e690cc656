/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox's own network behind the tap: fixed, as it is seen by nobody else. */
#pragma once

#include "net/policy.h"

#define NET_TAP_NAME "tap0"
/* The largest that tap devices, IPv4 and libslirp take: fewer frames for the same bytes. */
#define NET_MTU 65520
#define NET_ETHERNET_HEADER 14
#define NET_FRAME_MAX (NET_MTU + NET_ETHERNET_HEADER)

#define NET_IPV4(a, b, c, d)                                                                                 \
        {                                                                                                    \
                .family = AF_INET, .bytes = { a, b, c, d }                                                   \
        }
/* fd6b:7572:756e::N: a unique local prefix (RFC 4193) that spells "kurun". */
#define NET_IPV6(n)                                                                                          \
        {                                                                                                    \
                .family = AF_INET6, .bytes = {                                                               \
                        0xfd,                                                                                \
                        'k',                                                                                 \
                        'u',                                                                                 \
                        'r',                                                                                 \
                        'u',                                                                                 \
                        'n',                                                                                 \
                        [14] = (n) >> 8,                                                                     \
                        [15] = (n)&0xff                                                                      \
                }                                                                                            \
        }

/** Of both families: [0] IPv4, [1] IPv6. */
static const PolicySite net_site = {
        .network = {NET_IPV4(10, 0, 2, 0), NET_IPV6(0)},
        .prefix = {24, 64},
        .gateway = {NET_IPV4(10, 0, 2, 2), NET_IPV6(2)},
        .resolver = {NET_IPV4(10, 0, 2, 3), NET_IPV6(3)},
};
static const NetAddress net_guest[2] = {NET_IPV4(10, 0, 2, 100), NET_IPV6(0x100)};

/** Ethernet addresses of the sandbox, and of all that is behind the gateway (libslirp's own). */
static const uint8_t net_guest_mac[6] = {0x52, 0x55, 0x0a, 0x00, 0x02, 0x64};

/** net_family_index - 0 for AF_INET, 1 for AF_INET6. */
static inline unsigned net_family_index(sa_family_t family)
{
        return family == AF_INET6;
}
