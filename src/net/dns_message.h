/* SPDX-License-Identifier: Apache-2.0 */
/* DNS messages (RFC 1035, 6891): parses queries and writes answers. Pure, except for c-ares. */
#pragma once

#include "net/dns.h"

#define DNS_HEADER 12
#define DNS_MESSAGE_MAX 65535
/** Maximum size of kurung's answers, for any answer of the upstream. */
#define DNS_ANSWER_MAX 16384

typedef enum DnsType {
        DNS_A = 1,
        DNS_CNAME = 5,
        DNS_PTR = 12,
        DNS_MX = 15,
        DNS_TXT = 16,
        DNS_AAAA = 28,
        DNS_SRV = 33,
        DNS_OPT = 41,
        DNS_IXFR = 251,
        DNS_AXFR = 252,
} DnsType;

typedef enum DnsCode {
        DNS_NOERROR = 0,
        DNS_FORMERR = 1,
        DNS_SERVFAIL = 2,
        DNS_NXDOMAIN = 3,
        DNS_NOTIMP = 4,
        DNS_REFUSED = 5,
} DnsCode;

#define DNS_CLASS_IN 1
#define DNS_WIRE_NAME_MAX 255

typedef struct DnsQuestion {
        uint16_t id;
        uint16_t flags; /* as sent */
        uint16_t type, class;
        uint8_t wire[DNS_WIRE_NAME_MAX +
                     4];             /* the question as sent, for the answer; letters keep their case */
        size_t wire_len;             /* 0: no question can be sent back */
        char name[NET_NAME_MAX + 1]; /* normalized; "": not a host name */
        bool edns;
        size_t room; /* maximum size that the client accepts over UDP: 512 to DNS_UDP_MAX */
} DnsQuestion;

/**
 * dns_question_parse - parse a query. It must have exactly one question, followed only by an optional OPT
 * record, without compression or remaining bytes.
 *
 * @ret_code: DNS_NOERROR, or the code of the required answer.
 *
 * Returns 0; -EINVAL: not a query, must not be answered.
 */
int dns_question_parse(const uint8_t *message, size_t len, DnsQuestion *ret, DnsCode *ret_code);

/** An answer under construction. */
typedef struct DnsAnswer {
        uint8_t bytes[DNS_ANSWER_MAX];
        size_t len;
        unsigned count;
        bool full; /* a record did not fit */
} DnsAnswer;

/** dns_answer_begin - write header and question. */
void dns_answer_begin(DnsAnswer *a, const DnsQuestion *q, DnsCode code);

/** dns_answer_cname - write a CNAME from the question to @target (normalized); the following addresses belong
 * to it. */
void dns_answer_cname(DnsAnswer *a, const char *target, uint32_t ttl);

/** dns_answer_address - write an A or AAAA record. */
void dns_answer_address(DnsAnswer *a, const NetAddress *address, uint32_t ttl);

/** dns_answer_record - write another record, with @head and @name (normalized, or NULL) as its data. */
void dns_answer_record(DnsAnswer *a, DnsType type, uint32_t ttl, const void *head, size_t head_len,
                       const char *name);

/**
 * dns_answer_end - write the OPT record if the query had one. An answer that is too long becomes truncated
 * over UDP, and SERVFAIL over TCP.
 */
void dns_answer_end(DnsAnswer *a, const DnsQuestion *q, bool tcp);
