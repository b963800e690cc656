/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox's network device: a tap whose other end belongs to the net helper. */
#pragma once

#include "base/error.h"

#include <netinet/in.h>

/** An address of the device, with its default gateway. */
typedef struct TapAddress {
        sa_family_t family;
        uint8_t address[16], gateway[16]; /* network byte order; AF_INET uses the first four bytes */
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
 * tap_make - make the device in the caller's network namespace, and bring it up with addresses and routes. It
 * needs neither ARP nor neighbour discovery: every frame goes to the helper. Uses the host's /dev/net/tun.
 *
 * @ret_fd: its end for the helper, non-blocking.
 *
 * Returns 0 or -errno with @err.
 */
int tap_make(const TapSettings *settings, int *ret_fd, Error *err);

/**
 * tap_take_down - close the last descriptor of the device, and remove the device with its routes, so that
 * sending fails at once. Otherwise it disappears with its network namespace.
 */
void tap_take_down(int fd);

/** tap_let_ping - allow @gid, of the caller's user namespace, to ping without NET_RAW (icmp(7)): in a new
 * network namespace nobody may. Errors are ignored. */
void tap_let_ping(gid_t gid);
