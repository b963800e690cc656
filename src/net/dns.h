/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox's resolver: DNS messages in, answers out, names that are not allowed refused, and the addresses
 * of allowed ones pinned (policy_learn) before the answer leaves.
 *
 * A, AAAA and CNAME are asked for at the host's resolvers by c-ares and answered anew: nothing of an
 * upstream's message is passed on as it is. Addresses that the policy never lets a sandbox reach are left
 * out. MX, TXT, SRV and the like are answered from what upstream says where no address can come along; HTTPS,
 * SVCB and ANY have an empty answer, as their hints would be addresses that nobody pinned.
 *
 * After dns_new() nothing is opened but sockets: socket, connect, bind, sendto, recvfrom, setsockopt, fcntl,
 * close, getrandom, clock_gettime are what the filter has to allow. Single-threaded; no clock but the
 * caller's
 * @now_ms (monotonic milliseconds, never 0) and c-ares's own for its timeouts.
 */
#pragma once

#include "base/error.h"
#include "net/policy.h"

#include <poll.h>

/** Queries that may be waited for at a time; one more is answered with SERVFAIL. */
#define DNS_IN_FLIGHT_MAX 256
/** A query longer than this is not answered. */
#define DNS_QUERY_MAX 1024
/** An answer over UDP is at most this long, whatever the query's EDNS size; else truncated. */
#define DNS_UDP_MAX 1232
#define DNS_FDS_MAX 32

typedef struct Dns Dns;
typedef struct DnsStream DnsStream;

typedef struct DnsOptions {
        Policy *policy; /* stays the caller's, must outlive the resolver */
        /* "ADDRESS[:PORT],..." as ares_set_servers_ports_csv(3); NULL: those of /etc/resolv.conf. */
        const char *upstreams;
        const char *hosts;   /* text of the host's /etc/hosts; NULL: none */
        unsigned timeout_ms; /* of one try; 0: 2000 */
        /* Called for every name asked for, once the verdict is known; may be NULL. */
        void (*report)(void *userdata, const char *name, const PolicyVerdict *verdict);
        void *report_userdata;
} DnsOptions;

/**
 * dns_new - make a resolver. Reads /etc/resolv.conf, /etc/nsswitch.conf, /etc/host.conf and /dev/urandom
 * through c-ares, so it comes before the lock-down.
 *
 * Returns 0 or -errno with @err.
 */
int dns_new(const DnsOptions *options, Dns **ret, Error *err);

/** dns_free - ends all queries without an answer. Streams are freed before. */
void dns_free(Dns *dns);

/** The answer to one query; @message is valid during the call. Comes during dns_query() or dns_process(). */
typedef void (*DnsReply)(void *userdata, const uint8_t *message, size_t len);

/**
 * dns_query - answer one datagram. @reply is called exactly once, unless dns_free() comes first.
 *
 * Returns 0; -EINVAL: no query at all, to be dropped, @reply is not called.
 */
int dns_query(Dns *dns, const uint8_t *message, size_t len, uint64_t now_ms, DnsReply reply, void *userdata);

/** dns_poll - add what is waited for to @fds; returns how many, and the milliseconds until dns_process()
 * wants to be called all the same in *@timeout_ms (-1: never), when less than what is in there. */
size_t dns_poll(Dns *dns, struct pollfd *fds, size_t room, int *timeout_ms);

/** dns_process - go on after poll(2) with what dns_poll() added, also after a timeout. */
void dns_process(Dns *dns, const struct pollfd *fds, size_t n, uint64_t now_ms);

/**
 * dns_stream_new - one TCP connection to the resolver (RFC 7766: a length of two bytes before each message).
 *
 * @write: called with bytes for the client; it must not free the stream. NULL: out of memory, or over
 * DNS_STREAMS_MAX.
 */
DnsStream *dns_stream_new(Dns *dns, void (*write)(void *userdata, const uint8_t *bytes, size_t len),
                          void *userdata);

/** dns_stream_bytes - bytes of the client, split anyhow. A message is at most DNS_QUERY_MAX long. Returns 0,
 * or -EPROTO: close the connection. */
int dns_stream_bytes(DnsStream *stream, const uint8_t *bytes, size_t len, uint64_t now_ms);

/** dns_stream_free - the connection is gone; answers still waited for are dropped. */
void dns_stream_free(DnsStream *stream);

#define DNS_STREAMS_MAX 64
