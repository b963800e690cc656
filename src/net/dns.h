/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox's resolver: gets DNS messages and returns answers. It refuses names that are not allowed, and
 * learns the addresses of allowed ones (policy_learn) before it sends the answer.
 *
 * For A and AAAA, c-ares asks the host's resolvers, and a new answer is made, with at most one CNAME: nothing
 * of an upstream's message is passed on unchanged. Addresses that the policy never lets a sandbox reach are
 * dropped. MX, TXT, SRV and PTR are answered from the upstream's answer, without additional addresses; HTTPS,
 * SVCB and ANY have an empty answer, because their hints would be addresses that were not learned.
 *
 * After dns_new(), nothing but sockets is opened: the filter must allow socket, connect, bind, sendto,
 * recvfrom, setsockopt, fcntl, close, getrandom, clock_gettime. Single-threaded; its only clocks are the
 * caller's @now_ms (monotonic milliseconds, never 0) and that of c-ares for its timeouts.
 */
#pragma once

#include "base/error.h"
#include "net/policy.h"

#include <poll.h>

/** Maximum number of pending queries; further ones are answered with SERVFAIL. */
#define DNS_IN_FLIGHT_MAX 256
/** Maximum size of a query; a longer one is not answered. */
#define DNS_QUERY_MAX 1024
/** Maximum size of an answer over UDP, for any EDNS size of the query; a longer one is truncated. */
#define DNS_UDP_MAX 1232
#define DNS_FDS_MAX 32

typedef struct Dns Dns;
typedef struct DnsStream DnsStream;

typedef struct DnsOptions {
        Policy *policy; /* borrowed, must outlive the resolver */
        /* "ADDRESS[:PORT],..." like ares_set_servers_ports_csv(3); NULL: those of /etc/resolv.conf. */
        const char *upstreams;
        const char *hosts;   /* text of the host's /etc/hosts; NULL: none */
        unsigned timeout_ms; /* of one attempt; 0: 2000 */
        /* Called for every queried name, after the verdict; may be NULL. */
        void (*report)(void *userdata, const char *name, const PolicyVerdict *verdict);
        void *report_userdata;
} DnsOptions;

/**
 * dns_new - make a resolver. c-ares reads /etc/resolv.conf, /etc/nsswitch.conf, /etc/host.conf and
 * /dev/urandom, so this is called before the confinement.
 *
 * Returns 0 or -errno with @err.
 */
int dns_new(const DnsOptions *options, Dns **ret, Error *err);

/** dns_free - end all queries without an answer. Streams must be freed first. */
void dns_free(Dns *dns);

/** Receives the answer to one query, during dns_query() or dns_process(); @message is valid during the
 * call. */
typedef void (*DnsReply)(void *userdata, const uint8_t *message, size_t len);

/**
 * dns_query - answer one datagram. @reply is called exactly once, unless dns_free() is called first.
 *
 * Returns 0; -EINVAL: not a query, to be dropped, @reply is not called.
 */
int dns_query(Dns *dns, const uint8_t *message, size_t len, uint64_t now_ms, DnsReply reply, void *userdata);

/** dns_poll - add the descriptors to poll to @fds, and return their number. Lowers *@timeout_ms (-1: none) to
 * the time until dns_process() must be called without an event. */
size_t dns_poll(Dns *dns, struct pollfd *fds, size_t room, int *timeout_ms);

/** dns_process - handle the results of poll(2) for the descriptors of dns_poll(), also after a timeout. */
void dns_process(Dns *dns, const struct pollfd *fds, size_t n, uint64_t now_ms);

/**
 * dns_stream_new - start a TCP connection to the resolver (RFC 7766: a length of two bytes before each
 * message).
 *
 * @write: called with bytes for the client; it must not free the stream. NULL: out of memory, or more than
 * DNS_STREAMS_MAX streams.
 */
DnsStream *dns_stream_new(Dns *dns, void (*write)(void *userdata, const uint8_t *bytes, size_t len),
                          void *userdata);

/** dns_stream_bytes - handle bytes of the client, split arbitrarily. A message has at most DNS_QUERY_MAX
 * bytes. Returns 0, or -EPROTO: close the connection. */
int dns_stream_bytes(DnsStream *stream, const uint8_t *bytes, size_t len, uint64_t now_ms);

/** dns_stream_free - end a connection; pending answers are dropped. */
void dns_stream_free(DnsStream *stream);

#define DNS_STREAMS_MAX 64
