/* SPDX-License-Identifier: Apache-2.0 */
/* Handles DNS over TCP: messages preceded by their length (RFC 1035 4.2.2, RFC 7766). */
#include "net/dns_internal.h"

struct DnsStream {
        Dns *dns;
        void (*write)(void *userdata, const uint8_t *bytes, size_t len);
        void *userdata;
        uint8_t buffer[2 + DNS_QUERY_MAX];
        size_t have;
};

DnsStream *dns_stream_new(Dns *dns, void (*write)(void *userdata, const uint8_t *bytes, size_t len),
                          void *userdata)
{
        DnsStream *s = dns->n_streams < DNS_STREAMS_MAX ? calloc(1, sizeof(*s)) : NULL;
        if (!s)
                return NULL;
        s->dns = dns;
        s->write = write;
        s->userdata = userdata;
        dns->n_streams++;
        return s;
}

static void reply(void *userdata, const uint8_t *message, size_t len)
{
        DnsStream *s = userdata;
        uint8_t bytes[2 + DNS_ANSWER_MAX];
        bytes[0] = (uint8_t)(len >> 8);
        bytes[1] = (uint8_t)len;
        memcpy(bytes + 2, message, len);
        s->write(s->userdata, bytes, len + 2);
}

int dns_stream_bytes(DnsStream *s, const uint8_t *bytes, size_t len, uint64_t now_ms)
{
        while (len > 0) {
                size_t want = 2;
                if (s->have >= 2) {
                        want += (size_t)s->buffer[0] << 8 | s->buffer[1];
                        if (want < 2 + DNS_HEADER || want > sizeof(s->buffer))
                                return -EPROTO;
                }
                size_t n = want - s->have < len ? want - s->have : len;
                memcpy(s->buffer + s->have, bytes, n);
                s->have += n;
                bytes += n;
                len -= n;
                if (want == 2 || s->have < want)
                        continue;
                s->have = 0;
                if (dns_ask(s->dns, s->buffer + 2, want - 2, s, now_ms, reply, s) < 0)
                        return -EPROTO;
        }
        return 0;
}

void dns_stream_free(DnsStream *s)
{
        if (!s)
                return;
        for (DnsQuery *q = s->dns->queries; q; q = q->next)
                if (q->stream == s)
                        q->reply = NULL;
        s->dns->n_streams--;
        free(s);
}
