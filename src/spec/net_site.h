/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of the sandbox's own network behind its tap device. They are fixed, because nobody else sees
 * them. */
#pragma once

#include "spec/net_rule.h"

#define NET_IPV4(a, b, c, d)                                                                                 \
        {                                                                                                    \
                .family = AF_INET, .bytes = { a, b, c, d }                                                   \
        }
/*
 * fd6b:7572:756e:SUBNET::N: a unique local prefix (RFC 4193) that spells "kurun". The resolver is in a
 * separate subnet, because libslirp translates every IPv6 address in the gateway's subnet to the host's
 * loopback.
 */
#define NET_IPV6(subnet, n)                                                                                  \
        {                                                                                                    \
                .family = AF_INET6, .bytes = {                                                               \
                        0xfd,                                                                                \
                        'k',                                                                                 \
                        'u',                                                                                 \
                        'r',                                                                                 \
                        'u',                                                                                 \
                        'n',                                                                                 \
                        [7] = (subnet),                                                                      \
                        [14] = (n) >> 8,                                                                     \
                        [15] = (n)&0xff                                                                      \
                }                                                                                            \
        }

/** Of both families: [0] IPv4, [1] IPv6. */
#define NET_PREFIX_IPV4 24
#define NET_PREFIX_IPV6 48      /* all of it is the sandbox's own */
#define NET_LINK_PREFIX_IPV6 64 /* reachable through the tap device without a gateway */
#define NET_NETWORKS                                                                                         \
        {                                                                                                    \
                NET_IPV4(10, 0, 2, 0), NET_IPV6(0, 0)                                                        \
        }
#define NET_GATEWAYS                                                                                         \
        {                                                                                                    \
                NET_IPV4(10, 0, 2, 2), NET_IPV6(0, 2)                                                        \
        }
#define NET_RESOLVERS                                                                                        \
        {                                                                                                    \
                NET_IPV4(10, 0, 2, 3), NET_IPV6(0x53, 3)                                                     \
        }
UNUSED static const NetAddress net_gateway[2] = NET_GATEWAYS;
UNUSED static const NetAddress net_resolver[2] = NET_RESOLVERS;
UNUSED static const NetAddress net_guest[2] = {NET_IPV4(10, 0, 2, 100), NET_IPV6(0, 0x100)};
