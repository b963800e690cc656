/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own addresses, followed by rtnetlink(7): one that is added later is the host's, too. */
#pragma once

#include "net/policy.h"

typedef struct HostAddresses {
        int fd; /* readable when something changed */
        NetAddress items[POLICY_HOST_ADDRESSES_MAX];
        size_t n;
} HostAddresses;

/** host_addresses_open - a socket that is told of changes; then host_addresses_read(). 0 or -errno. */
int host_addresses_open(HostAddresses *h);

/**
 * host_addresses_read - take what was said on the socket, and ask for all addresses anew.
 *
 * Returns 0 or -errno; -E2BIG: there are more than POLICY_HOST_ADDRESSES_MAX.
 */
int host_addresses_read(HostAddresses *h);

/**
 * host_addresses_parse - add the addresses of rtnetlink messages to @h: local ones, broadcast and anycast.
 *
 * Returns 1 at the end of the dump, 0 to go on, -EBADMSG, -E2BIG, or the kernel's -errno. Pure.
 */
int host_addresses_parse(const void *data, size_t len, HostAddresses *h);
