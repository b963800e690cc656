/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and writes DNS messages. */
#include "net/dns_message.h"

#define CARES_NO_DEPRECATED
#include <ares.h>

#define FLAG_RESPONSE 0x8000
#define FLAG_TRUNCATED 0x0200
#define FLAG_RD 0x0100
#define FLAG_RA 0x0080
#define OPCODE_MASK 0x7800
#define LABEL_IS_POINTER 0xc0
#define OPT_SIZE 11
#define UDP_ROOM_MIN 512
#define OWNER_OFFSET_MAX 0x3fff

static uint16_t get16(const uint8_t *p)
{
        return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, unsigned v)
{
        p[0] = (uint8_t)(v >> 8);
        p[1] = (uint8_t)v;
}

/* Returns the length of the uncompressed name at @p, including the root's byte. */
static int wire_name_len(const uint8_t *p, size_t left, size_t *ret)
{
        size_t at = 0;
        while (at < left && p[at] != 0) {
                if (p[at] & LABEL_IS_POINTER)
                        return -EINVAL;
                at += 1 + (size_t)p[at];
        }
        if (at >= left || at + 1 > DNS_WIRE_NAME_MAX)
                return -EINVAL;
        *ret = at + 1;
        return 0;
}

/* c-ares escapes bytes that are invalid in host names, so that the text of such a name is longer than its
 * wire form. Dots inside labels are checked separately, because old versions do not escape them. */
static void read_name(const uint8_t *message, size_t len, size_t wire_len, char *out)
{
        char *text = NULL;
        long used = 0;
        out[0] = '\0';
        for (size_t at = 0, end = 0; at < wire_len; at++) {
                const uint8_t c = message[DNS_HEADER + at];
                if (at == end)
                        end += 1 + (size_t)c;
                else if (c == '.' || c == '\\' || c == '\0')
                        return;
        }
        if (ares_expand_name(message + DNS_HEADER, message, (int)len, &text, &used) != ARES_SUCCESS)
                return;
        if ((size_t)used != wire_len || strlen(text) + 2 != wire_len ||
            net_name_normalize(text, strlen(text), out) < 0)
                out[0] = '\0';
        ares_free_string(text);
}

/* Checks the bytes after the question: nothing, or one OPT record of version 0. */
static bool parse_opt(const uint8_t *p, size_t left, unsigned records, DnsQuestion *q)
{
        if (records == 0)
                return left == 0;
        if (records > 1 || left < OPT_SIZE || p[0] != 0 || get16(p + 1) != DNS_OPT || p[6] != 0 ||
            get16(p + 9) != left - OPT_SIZE)
                return false;
        q->edns = true;
        q->room = get16(p + 3);
        if (q->room < UDP_ROOM_MIN)
                q->room = UDP_ROOM_MIN;
        if (q->room > DNS_UDP_MAX)
                q->room = DNS_UDP_MAX;
        return true;
}

int dns_question_parse(const uint8_t *message, size_t len, DnsQuestion *ret, DnsCode *ret_code)
{
        DnsQuestion q = {.room = UDP_ROOM_MIN};
        size_t name_len;
        if (len < DNS_HEADER || len > DNS_QUERY_MAX || (get16(message + 2) & FLAG_RESPONSE))
                return -EINVAL;
        q.id = get16(message);
        q.flags = get16(message + 2);
        *ret_code = (q.flags & OPCODE_MASK) ? DNS_NOTIMP : DNS_FORMERR;
        *ret = q;
        if (*ret_code == DNS_NOTIMP || get16(message + 4) != 1 || get16(message + 6) || get16(message + 8))
                return 0;
        if (wire_name_len(message + DNS_HEADER, len - DNS_HEADER, &name_len) < 0 ||
            len - DNS_HEADER < name_len + 4)
                return 0;
        const uint8_t *end = message + DNS_HEADER + name_len;
        q.type = get16(end);
        q.class = get16(end + 2);
        q.wire_len = name_len + 4;
        memcpy(q.wire, message + DNS_HEADER, q.wire_len);
        read_name(message, len, name_len, q.name);
        if (parse_opt(end + 4, len - DNS_HEADER - q.wire_len, get16(message + 10), &q))
                *ret_code = DNS_NOERROR;
        *ret = q;
        return 0;
}

static void put(DnsAnswer *a, const void *data, size_t len)
{
        /* Reserves room for OPT. */
        if (a->full || len > sizeof(a->bytes) - OPT_SIZE - a->len) {
                a->full = true;
                return;
        }
        if (len > 0)
                memcpy(a->bytes + a->len, data, len);
        a->len += len;
}

static void put_number(DnsAnswer *a, uint32_t v, size_t bytes)
{
        uint8_t b[4];
        for (size_t i = 0; i < bytes; i++)
                b[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
        put(a, b, bytes);
}

/* Writes a normalized name without compression. */
static void put_name(DnsAnswer *a, const char *name)
{
        for (size_t n; *name; name += n + (name[n] == '.')) {
                n = strcspn(name, ".");
                put_number(a, (uint32_t)n, 1);
                put(a, name, n);
        }
        put_number(a, 0, 1);
}

static size_t wire_size(const char *name)
{
        return strlen(name) + 2;
}

void dns_answer_begin(DnsAnswer *a, const DnsQuestion *q, DnsCode code)
{
        a->len = a->count = 0;
        a->full = false;
        put_number(a, q->id, 2);
        put_number(a, FLAG_RESPONSE | (q->flags & (OPCODE_MASK | FLAG_RD)) | FLAG_RA | (unsigned)code, 2);
        put_number(a, q->wire_len > 0, 2);
        put_number(a, 0, 4);
        put_number(a, 0, 2);
        put(a, q->wire, q->wire_len);
}

/* Writes name, type, class, TTL and length. The owner is the name in the question, or the target of a
 * preceding CNAME. */
static void put_head(DnsAnswer *a, DnsType type, uint32_t ttl, size_t data_len)
{
        size_t owner = DNS_HEADER;
        if (a->count > 0 && (type == DNS_A || type == DNS_AAAA)) {
                /* The first record follows the question, whose length is that of its name plus 4. */
                size_t name_len = 0;
                (void)wire_name_len(a->bytes + DNS_HEADER, a->len - DNS_HEADER, &name_len);
                size_t first = DNS_HEADER + name_len + 4;
                if (get16(a->bytes + first + 2) == DNS_CNAME)
                        owner = first + 12;
        }
        put_number(a, 0xc000 | (uint32_t)(owner & OWNER_OFFSET_MAX), 2);
        put_number(a, type, 2);
        put_number(a, DNS_CLASS_IN, 2);
        put_number(a, ttl, 4);
        put_number(a, (uint32_t)data_len, 2);
        a->count++;
}

void dns_answer_cname(DnsAnswer *a, const char *target, uint32_t ttl)
{
        put_head(a, DNS_CNAME, ttl, wire_size(target));
        put_name(a, target);
}

void dns_answer_address(DnsAnswer *a, const NetAddress *address, uint32_t ttl)
{
        size_t len = address->family == AF_INET ? 4 : 16;
        put_head(a, len == 4 ? DNS_A : DNS_AAAA, ttl, len);
        put(a, address->bytes, len);
}

void dns_answer_record(DnsAnswer *a, DnsType type, uint32_t ttl, const void *head, size_t head_len,
                       const char *name)
{
        put_head(a, type, ttl, head_len + (name ? wire_size(name) : 0));
        put(a, head, head_len);
        if (name)
                put_name(a, name);
}

static void put_opt(DnsAnswer *a)
{
        uint8_t *p = a->bytes + a->len;
        memset(p, 0, OPT_SIZE);
        put16(p + 1, DNS_OPT);
        put16(p + 3, DNS_UDP_MAX);
        a->len += OPT_SIZE;
        put16(a->bytes + 10, 1);
}

void dns_answer_end(DnsAnswer *a, const DnsQuestion *q, bool tcp)
{
        size_t room = tcp ? sizeof(a->bytes) : q->room;
        if (a->full || a->len + (q->edns ? OPT_SIZE : 0) > room) {
                dns_answer_begin(a, q, tcp ? DNS_SERVFAIL : DNS_NOERROR);
                if (!tcp)
                        a->bytes[2] |= FLAG_TRUNCATED >> 8;
        }
        put16(a->bytes + 6, a->count);
        if (q->edns)
                put_opt(a);
}
