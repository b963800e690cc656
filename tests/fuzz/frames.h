/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as frames: one of flags, two of a length, the frame. What the flags say is repaired, so that more
 * than the first comparison is reached: the Ethernet header, source, lengths, checksums.
 */
#pragma once

#include "net/site.h"

#include <netinet/in.h>

enum { FIX_ETHERNET = 1, FIX_SOURCE = 2, FIX_LENGTH = 4, FIX_CHECKSUM = 8 };

static inline uint32_t fuzz_sum(const uint8_t *p, size_t len, uint32_t s)
{
        for (size_t i = 0; i < len; i++)
                s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
        while (s >> 16)
                s = (s & 0xffff) + (s >> 16);
        return s;
}

static inline void fuzz_put(uint8_t *p, uint32_t v)
{
        p[0] = (uint8_t)(v >> 8);
        p[1] = (uint8_t)v;
}

static inline void fuzz_fix_transport(uint8_t *p, size_t len, uint8_t protocol, uint32_t pseudo,
                                      unsigned flags)
{
        size_t at = protocol == IPPROTO_TCP ? 16 : protocol == IPPROTO_UDP ? 6 : 2;
        if (len < at + 2)
                return;
        if ((flags & FIX_LENGTH) && protocol == IPPROTO_UDP)
                fuzz_put(p + 4, (uint32_t)len);
        if (!(flags & FIX_CHECKSUM))
                return;
        fuzz_put(p + at, 0);
        if (protocol == IPPROTO_ICMP)
                pseudo = 0;
        uint32_t s = ~fuzz_sum(p, len, pseudo) & 0xffff;
        fuzz_put(p + at, s ? s : 0xffff);
}

static inline void fuzz_fix(uint8_t *f, size_t len, unsigned flags)
{
        if (len < 34)
                return;
        uint8_t *ip = f + 14;
        bool v6 = ip[0] >> 4 == 6 && len >= 54;
        size_t head = v6 ? 40 : 20;
        uint8_t protocol = v6 ? ip[6] : ip[9];
        if (flags & FIX_ETHERNET) {
                memcpy(f + 6, net_guest_mac, 6);
                fuzz_put(f + 12, v6 ? 0x86dd : 0x0800);
        }
        if (flags & FIX_SOURCE)
                memcpy(ip + (v6 ? 8 : 12), net_guest[v6].bytes, v6 ? 16 : 4);
        if (flags & FIX_LENGTH)
                fuzz_put(ip + (v6 ? 4 : 2), (uint32_t)(len - 14 - (v6 ? 40 : 0)));
        if (!v6 && (flags & FIX_CHECKSUM)) {
                fuzz_put(ip + 10, 0);
                fuzz_put(ip + 10, ~fuzz_sum(ip, 20, 0));
        }
        uint32_t pseudo = fuzz_sum(ip + (v6 ? 8 : 12), v6 ? 32 : 8, (uint32_t)(len - 14 - head) + protocol);
        fuzz_fix_transport(ip + head, len - 14 - head, protocol, pseudo, flags);
}

/* Calls @one for each frame of the bytes. */
static inline void fuzz_frames(const uint8_t *data, size_t size,
                               void (*one)(const uint8_t *frame, size_t len))
{
        static uint8_t frame[NET_FRAME_MAX + 64];
        for (size_t at = 0; size - at >= 3;) {
                unsigned flags = data[at];
                size_t len = (size_t)data[at + 1] << 8 | data[at + 2];
                at += 3;
                if (len > size - at)
                        len = size - at;
                memcpy(frame, data + at, len);
                at += len;
                fuzz_fix(frame, len, flags);
                one(frame, len);
        }
}

/* What the policy's built-in list says, written down once more and slowly: such an address is never reached.
 */
static inline bool fuzz_is_forbidden(const NetAddress *a)
{
        static const struct {
                const char *network;
                unsigned prefix;
        } list[] = {
                {"0.0.0.0", 8},     {"127.0.0.0", 8},     {"169.254.0.0", 16}, {"224.0.0.0", 4},
                {"240.0.0.0", 4},   {"10.0.0.0", 8},      {"172.16.0.0", 12},  {"192.168.0.0", 16},
                {"100.64.0.0", 10}, {"198.51.100.1", 32}, {"::", 96},          {"::ffff:0:0", 96},
                {"fe80::", 10},     {"ff00::", 8},        {"fc00::", 7},       {"2001:db8::1", 128},
        };
        for (size_t i = 0; i < ARRAY_LEN(list); i++) {
                NetAddress network;
                if (net_address_parse(list[i].network, &network) < 0)
                        abort();
                if (net_address_in(a, &network, list[i].prefix))
                        return true;
        }
        return false;
}

/* The host's own in these tests. */
static inline void fuzz_set_host(Policy *p)
{
        NetAddress host[2];
        if (net_address_parse("198.51.100.1", &host[0]) < 0 ||
            net_address_parse("2001:db8::1", &host[1]) < 0 || policy_set_host_addresses(p, host, 2) < 0)
                abort();
}
