/* SPDX-License-Identifier: Apache-2.0 */
/* The text of hosts(5) as a table. */
#pragma once

#include "spec/net_rule.h"

#define DNS_HOSTS_MAX 65536

typedef struct DnsHost {
        char *name; /* normalized */
        NetAddress address;
} DnsHost;

typedef struct DnsHosts {
        DnsHost *items; /* sorted by name, of one name in the file's order */
        size_t n;
} DnsHosts;

/** dns_hosts_parse - lines and names that are none are passed over, as glibc does; of more than DNS_HOSTS_MAX
 * the rest. 0 or -ENOMEM. */
int dns_hosts_parse(const char *text, DnsHosts *ret);
void dns_hosts_clear(DnsHosts *hosts);

/** dns_hosts_find - the first entry of @name and how many there are; NULL: none. */
const DnsHost *dns_hosts_find(const DnsHosts *hosts, const char *name, size_t *ret_n);
