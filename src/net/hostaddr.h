/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own addresses, updated by rtnetlink(7), because addresses that are added later belong to the
 * host, too. */
#pragma once

#include "net/policy.h"

typedef struct HostAddresses {
        int fd; /* readable after a change */
        NetAddress items[POLICY_HOST_ADDRESSES_MAX];
        size_t n;
} HostAddresses;

/** host_addresses_open - open a socket that receives changes, and call host_addresses_read(). Returns 0 or
 * -errno. */
int host_addresses_open(HostAddresses *h);

/**
 * host_addresses_read - drop pending messages of the socket, and request all addresses again.
 *
 * Returns 0 or -errno; -E2BIG: there are more than POLICY_HOST_ADDRESSES_MAX.
 */
int host_addresses_read(HostAddresses *h);

/**
 * host_addresses_parse - add the addresses in rtnetlink messages to @h: local, broadcast and anycast ones.
 *
 * Returns 1 at the end of the dump, 0 to continue, -EBADMSG, -E2BIG, or the kernel's -errno. Pure.
 */
int host_addresses_parse(const void *data, size_t len, HostAddresses *h);
