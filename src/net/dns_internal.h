/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations shared by the parts of the resolver. */
#pragma once

#include "net/dns_hosts.h"
#include "net/dns_message.h"

#define CARES_NO_DEPRECATED
#include <ares.h>

/** Maximum number of addresses and other records in an answer. */
#define DNS_RECORDS_MAX 64

typedef struct DnsQuery {
        struct DnsQuery *prev, *next;
        Dns *dns;
        DnsQuestion q;
        bool tcp;
        DnsReply reply; /* NULL: the client no longer waits */
        void *userdata;
        DnsStream *stream; /* its connection; NULL: none */
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
        struct pollfd fds[DNS_FDS_MAX]; /* the descriptors that c-ares polls */
        size_t n_fds;
};

/** dns_ask - like dns_query(), for @stream; NULL: a datagram. */
int dns_ask(Dns *dns, const uint8_t *message, size_t len, DnsStream *stream, uint64_t now_ms, DnsReply reply,
            void *userdata);

/** dns_fill_answer - make an answer @a from the upstream's (@status and @abuf of c-ares), and learn its
 * addresses. */
void dns_fill_answer(Dns *dns, const DnsQuestion *q, int status, const uint8_t *abuf, size_t alen,
                     DnsAnswer *a);

/** dns_fill_hosts - make an answer from the hosts file. */
void dns_fill_hosts(Dns *dns, const DnsQuestion *q, const DnsHost *hosts, size_t n, DnsAnswer *a);
