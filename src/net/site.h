/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox's own network behind the tap: fixed, because it is not visible elsewhere. */
#pragma once

#include "net/policy.h"
#include "spec/net_site.h"

#define NET_TAP_NAME "tap0"
/* The maximum of tap devices, IPv4 and libslirp: fewer frames for the same bytes. */
#define NET_MTU 65520
#define NET_ETHERNET_HEADER 14
#define NET_FRAME_MAX (NET_MTU + NET_ETHERNET_HEADER)

/** The addresses of spec/net_site.h, for the policy. */
UNUSED static const PolicySite net_site = {
        .network = NET_NETWORKS,
        .prefix = {NET_PREFIX_IPV4, NET_PREFIX_IPV6},
        .gateway = NET_GATEWAYS,
        .resolver = NET_RESOLVERS,
};

/** Ethernet addresses of the sandbox, and of everything behind the gateway (libslirp's own). */
UNUSED static const uint8_t net_guest_mac[6] = {0x52, 0x55, 0x0a, 0x00, 0x02, 0x64};

/** net_family_index - return 0 for AF_INET, 1 for AF_INET6. */
static inline unsigned net_family_index(sa_family_t family)
{
        return family == AF_INET6;
}
