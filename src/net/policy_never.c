/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in list of addresses that no sandbox reaches without an explicit rule (IANA's special-purpose
 * registries). */
#include "net/policy_internal.h"

#define V4(a, b, c, d, bits, what)                                                                           \
        {                                                                                                    \
                {AF_INET, {a, b, c, d}}, bits, what                                                          \
        }
#define V6(bits, what, ...)                                                                                  \
        {                                                                                                    \
                {AF_INET6, {__VA_ARGS__}}, bits, what                                                        \
        }

/* The first range that contains an address counts. */
static const NeverRange ranges[] = {
        V4(0, 0, 0, 0, 8, NEVER_UNSPECIFIED),
        V4(127, 0, 0, 0, 8, NEVER_LOOPBACK),
        V4(169, 254, 0, 0, 16, NEVER_LINK_LOCAL),
        V4(224, 0, 0, 0, 4, NEVER_MULTICAST),
        V4(240, 0, 0, 0, 4, NEVER_RESERVED),
        V4(10, 0, 0, 0, 8, NEVER_PRIVATE),
        V4(172, 16, 0, 0, 12, NEVER_PRIVATE),
        V4(192, 168, 0, 0, 16, NEVER_PRIVATE),
        V4(100, 64, 0, 0, 10, NEVER_PRIVATE),
        V4(192, 0, 0, 0, 24, NEVER_PRIVATE),
        V4(198, 18, 0, 0, 15, NEVER_PRIVATE),
        V6(128, NEVER_UNSPECIFIED, 0),
        V6(128, NEVER_LOOPBACK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
        /* IPv4 written as IPv6: compatible, mapped, translated (RFC 4291 2.5.5, RFC 2765). The host's kernel
         * would treat a mapped one as IPv4. */
        V6(96, NEVER_RESERVED, 0),
        V6(96, NEVER_RESERVED, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff),
        V6(96, NEVER_RESERVED, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff),
        V6(48, NEVER_PRIVATE, 0, 0x64, 0xff, 0x9b, 0, 1),
        V6(10, NEVER_LINK_LOCAL, 0xfe, 0x80),
        V6(10, NEVER_PRIVATE, 0xfe, 0xc0),
        V6(7, NEVER_PRIVATE, 0xfc),
        V6(8, NEVER_MULTICAST, 0xff),
};

const NeverRange *never_range(const NetAddress *address)
{
        for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
                if (net_address_in(address, &ranges[i].network, ranges[i].prefix))
                        return &ranges[i];
        return NULL;
}

static NetAddress inner_at(const NetAddress *address, size_t at, uint8_t flip)
{
        NetAddress v4 = {.family = AF_INET};
        for (size_t i = 0; i < 4; i++)
                v4.bytes[i] = address->bytes[at + i] ^ flip;
        return v4;
}

size_t never_inner(const NetAddress *address, NetAddress ret[2])
{
        static const NetAddress nat64 = {AF_INET6, {0, 0x64, 0xff, 0x9b}},
                                six_to_four = {AF_INET6, {0x20, 2}}, teredo = {AF_INET6, {0x20, 1}};
        const uint8_t *b = address->bytes;
        if (address->family != AF_INET6)
                return 0;
        if (net_address_in(address, &nat64, 96)) {
                ret[0] = inner_at(address, 12, 0);
                return 1;
        }
        if (net_address_in(address, &six_to_four, 16)) {
                ret[0] = inner_at(address, 2, 0);
                return 1;
        }
        if (net_address_in(address, &teredo, 32)) {
                /* The server's address, and the client's with all bits inverted (RFC 4380 4). */
                ret[0] = inner_at(address, 4, 0);
                ret[1] = inner_at(address, 12, 0xff);
                return 2;
        }
        /* ISATAP (RFC 5214 6.1): an interface id of [02]00:5efe. */
        if ((b[8] & 0xfd) == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe) {
                ret[0] = inner_at(address, 12, 0);
                return 1;
        }
        return 0;
}

PolicyNever policy_never_class(const NetAddress *address)
{
        NetAddress inner[2];
        const NeverRange *range = never_range(address);
        size_t n = never_inner(address, inner);
        for (size_t i = 0; !range && i < n; i++)
                range = never_range(&inner[i]);
        return range ? range->what : NEVER_NONE;
}
