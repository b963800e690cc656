/* SPDX-License-Identifier: Apache-2.0 */
/* The content of hosts(5) as a table. */
#pragma once

#include "spec/net_rule.h"

#define DNS_HOSTS_MAX 65536

typedef struct DnsHost {
        char *name; /* normalized */
        NetAddress address;
} DnsHost;

typedef struct DnsHosts {
        DnsHost *items; /* sorted by name, entries of the same name in the file's order */
        size_t n;
} DnsHosts;

/** dns_hosts_parse - parse the text of hosts(5). Invalid lines and names are skipped, as in glibc; so are
 * entries beyond DNS_HOSTS_MAX. Returns 0 or -ENOMEM. */
int dns_hosts_parse(const char *text, DnsHosts *ret);
void dns_hosts_clear(DnsHosts *hosts);

/** dns_hosts_find - return the first entry of @name, and the number of its entries; NULL: none. */
const DnsHost *dns_hosts_find(const DnsHosts *hosts, const char *name, size_t *ret_n);
