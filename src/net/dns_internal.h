/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the resolver share. */
#pragma once

#include "net/dns_hosts.h"
#include "net/dns_message.h"

#define CARES_NO_DEPRECATED
#include <ares.h>

/** Addresses and other records that an answer has at most. */
#define DNS_RECORDS_MAX 64

typedef struct DnsQuery {
        struct DnsQuery *prev, *next;
        Dns *dns;
        DnsQuestion q;
        bool tcp;
        DnsReply reply; /* NULL: nobody waits any more */
        void *userdata;
        DnsStream *stream; /* whose it is, or NULL */
} DnsQuery;

struct Dns {
        Policy *policy;
        ares_channel channel;
        bool has_channel;
        DnsHosts hosts;
        void (*report)(void *userdata, const char *name, const PolicyVerdict *verdict);
        void *report_userdata;
        DnsQuery *queries;
        unsigned n_queries, n_streams;
        uint64_t now_ms;
        struct pollfd fds[DNS_FDS_MAX]; /* what c-ares waits for */
        size_t n_fds;
};

/** dns_ask - dns_query(), for @stream or NULL. */
int dns_ask(Dns *dns, const uint8_t *message, size_t len, DnsStream *stream, uint64_t now_ms, DnsReply reply,
            void *userdata);

/** dns_fill_answer - what upstream said (@status and @abuf of c-ares) as our answer in @a, pinning addresses.
 */
void dns_fill_answer(Dns *dns, const DnsQuestion *q, int status, const uint8_t *abuf, size_t alen,
                     DnsAnswer *a);

/** dns_fill_hosts - the same from the hosts file. */
void dns_fill_hosts(Dns *dns, const DnsQuestion *q, const DnsHost *hosts, size_t n, DnsAnswer *a);
