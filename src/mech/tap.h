/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox's network device: a tap whose other end is the net helper's. */
#pragma once

#include "base/error.h"

#include <netinet/in.h>

/** One of the device's addresses, with the gateway that all else goes by. */
typedef struct TapAddress {
        sa_family_t family;
        uint8_t address[16], gateway[16]; /* network order; of AF_INET the first four bytes */
        unsigned prefix;
} TapAddress;

typedef struct TapSettings {
        const char *name;
        uint8_t mac[6];
        unsigned mtu;
        const TapAddress *addresses;
        size_t n_addresses;
} TapSettings;

/**
 * tap_make - make the device in the caller's network namespace, up, with addresses and routes. It needs
 * neither ARP nor neighbour discovery: every frame goes to the helper. /dev/net/tun is the host's.
 *
 * @ret_fd: its end, non-blocking, for the helper.
 *
 * Returns 0 or -errno with @err.
 */
int tap_make(const TapSettings *settings, int *ret_fd, Error *err);

/**
 * tap_take_down - close the last descriptor of the device, and let it go with it: with its routes, so that
 * what is sent fails at once. Without this it goes with its network namespace.
 */
void tap_take_down(int fd);

/** tap_let_ping - let @gid, of the caller's user namespace, ping without NET_RAW (icmp(7)): in a new network
 * namespace nobody may. A kernel that refuses is none the worse. */
void tap_let_ping(gid_t gid);
