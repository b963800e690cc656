/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and writes Ethernet frames. */
#include "net/frame.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define TCP_HEADER 20
#define UDP_HEADER 8
#define ICMP_HEADER 8
#define FRAGMENTED 0x3fff /* "more fragments" and the offset */
#define ANSWER_TTL 64
#define DATAGRAM_MAX 1232

/* Fields are read byte by byte, because frames are not aligned. */
static uint16_t get16(const uint8_t *p)
{
        return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
        return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint16_t v)
{
        p[0] = (uint8_t)(v >> 8);
        p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
        put16(p, (uint16_t)(v >> 16));
        put16(p + 2, (uint16_t)v);
}

/* RFC 1071. */
static uint32_t sum(const uint8_t *p, size_t len, uint32_t start)
{
        uint64_t total = start;
        for (; len > 1; p += 2, len -= 2)
                total += get16(p);
        if (len > 0)
                total += (uint32_t)*p << 8;
        while (total >> 16)
                total = (total & 0xffff) + (total >> 16);
        return (uint32_t)total;
}

static FrameResult parse_tcp(const uint8_t *p, size_t len, Frame *f)
{
        if (len < TCP_HEADER)
                return FRAME_BAD_LENGTH;
        size_t header = (size_t)(p[12] >> 4) * 4;
        if (header < TCP_HEADER || header > len)
                return FRAME_BAD_LENGTH;
        f->flags = p[13];
        /* Flags that no program's connection has, and that stacks treat differently. */
        uint8_t kind = f->flags & (FRAME_SYN | FRAME_FIN | FRAME_RST);
        if ((kind & (kind - 1)) != 0 || (f->flags & (FRAME_SYN | FRAME_RST | FRAME_ACK)) == 0)
                return FRAME_BAD_HEADER;
        f->protocol = NET_TCP;
        f->source_port = get16(p);
        f->dest_port = get16(p + 2);
        f->sequence = get32(p + 4);
        f->acknowledged = get32(p + 8);
        f->payload = p + header;
        f->payload_len = len - header;
        return FRAME_OK;
}

static FrameResult parse_udp(const uint8_t *p, size_t len, Frame *f)
{
        if (len < UDP_HEADER || get16(p + 4) != len)
                return FRAME_BAD_LENGTH;
        /* RFC 8200 8.1: every datagram has a checksum. */
        if (f->source.family == AF_INET6 && get16(p + 6) == 0)
                return FRAME_BAD_HEADER;
        f->protocol = NET_UDP;
        f->source_port = get16(p);
        f->dest_port = get16(p + 2);
        f->payload = p + UDP_HEADER;
        f->payload_len = len - UDP_HEADER;
        return FRAME_OK;
}

static FrameResult parse_echo(const uint8_t *p, size_t len, uint8_t request, uint8_t answer, bool from_guest,
                              Frame *f)
{
        if (len < ICMP_HEADER)
                return FRAME_BAD_LENGTH;
        if (p[1] != 0 || (p[0] != request && (from_guest || p[0] != answer)))
                return FRAME_BAD_PROTOCOL;
        f->protocol = NET_ICMP;
        f->payload = p + ICMP_HEADER;
        f->payload_len = len - ICMP_HEADER;
        return FRAME_OK;
}

static FrameResult parse_transport(uint8_t protocol, const uint8_t *p, size_t len, bool from_guest, Frame *f)
{
        bool v6 = f->source.family == AF_INET6;
        if (protocol == IPPROTO_TCP)
                return parse_tcp(p, len, f);
        if (protocol == IPPROTO_UDP)
                return parse_udp(p, len, f);
        if (protocol == IPPROTO_ICMP && !v6)
                return parse_echo(p, len, ICMP_ECHO, ICMP_ECHOREPLY, from_guest, f);
        if (protocol == IPPROTO_ICMPV6 && v6)
                return parse_echo(p, len, ICMP6_ECHO_REQUEST, ICMP6_ECHO_REPLY, from_guest, f);
        return FRAME_BAD_PROTOCOL;
}

static FrameResult parse_ipv4(const uint8_t *p, size_t len, bool from_guest, Frame *f)
{
        if (len < IPV4_HEADER || get16(p + 2) != len)
                return FRAME_BAD_LENGTH;
        if (p[0] != 0x45 || p[8] == 0 || sum(p, IPV4_HEADER, 0) != 0xffff)
                return FRAME_BAD_HEADER;
        if (get16(p + 6) & FRAGMENTED)
                return FRAME_FRAGMENT;
        f->source = (NetAddress){.family = AF_INET};
        f->dest = (NetAddress){.family = AF_INET};
        memcpy(f->source.bytes, p + 12, 4);
        memcpy(f->dest.bytes, p + 16, 4);
        return parse_transport(p[9], p + IPV4_HEADER, len - IPV4_HEADER, from_guest, f);
}

static FrameResult parse_ipv6(const uint8_t *p, size_t len, bool from_guest, Frame *f)
{
        if (len < IPV6_HEADER || get16(p + 4) != len - IPV6_HEADER)
                return FRAME_BAD_LENGTH;
        if (p[0] >> 4 != 6 || p[7] == 0)
                return FRAME_BAD_HEADER;
        f->source = (NetAddress){.family = AF_INET6};
        f->dest = (NetAddress){.family = AF_INET6};
        memcpy(f->source.bytes, p + 8, 16);
        memcpy(f->dest.bytes, p + 24, 16);
        return p[6] == IPPROTO_FRAGMENT
                       ? FRAME_FRAGMENT
                       : parse_transport(p[6], p + IPV6_HEADER, len - IPV6_HEADER, from_guest, f);
}

FrameResult frame_parse(const uint8_t *bytes, size_t len, const uint8_t from[6], Frame *ret)
{
        Frame f = {0};
        if (len < NET_ETHERNET_HEADER || len > NET_FRAME_MAX || (from && memcmp(bytes + 6, from, 6) != 0))
                return FRAME_BAD_ETHERNET;
        f.packet = bytes + NET_ETHERNET_HEADER;
        f.packet_len = len - NET_ETHERNET_HEADER;
        FrameResult r = FRAME_BAD_ETHERNET;
        if (get16(bytes + 12) == ETHERTYPE_IP)
                r = parse_ipv4(f.packet, f.packet_len, from != NULL, &f);
        else if (get16(bytes + 12) == ETHERTYPE_IPV6)
                r = parse_ipv6(f.packet, f.packet_len, from != NULL, &f);
        if (r == FRAME_OK)
                *ret = f;
        return r;
}

/* Writes the Ethernet and IP headers of a packet before its @len bytes, which may be written later. Returns
 * the position after the headers. */
static uint8_t *begin_packet(const NetAddress *from, const NetAddress *to, uint8_t protocol, size_t len,
                             uint8_t *out)
{
        bool v6 = from->family == AF_INET6;
        uint8_t *ip = out + NET_ETHERNET_HEADER;
        memcpy(out, net_guest_mac, 6);
        memcpy(out + 6, net_guest_mac, 6);
        out[11] ^= 0xff; /* any address except the sandbox's own */
        put16(out + 12, v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
        memset(ip, 0, v6 ? IPV6_HEADER : IPV4_HEADER);
        if (v6) {
                ip[0] = 0x60;
                put16(ip + 4, (uint16_t)len);
                ip[6] = protocol;
                ip[7] = ANSWER_TTL;
                memcpy(ip + 8, from->bytes, 16);
                memcpy(ip + 24, to->bytes, 16);
                return ip + IPV6_HEADER;
        }
        ip[0] = 0x45;
        put16(ip + 2, (uint16_t)(IPV4_HEADER + len));
        ip[8] = ANSWER_TTL;
        ip[9] = protocol;
        memcpy(ip + 12, from->bytes, 4);
        memcpy(ip + 16, to->bytes, 4);
        put16(ip + 10, (uint16_t)~sum(ip, IPV4_HEADER, 0));
        return ip + IPV4_HEADER;
}

/* Returns the checksum over the pseudo header and @len bytes at @p, in which the checksum field is 0. */
static uint16_t checksum(const NetAddress *from, const NetAddress *to, uint8_t protocol, const uint8_t *p,
                         size_t len)
{
        size_t n = from->family == AF_INET6 ? 16 : 4;
        uint32_t s = sum(from->bytes, n, sum(to->bytes, n, (uint32_t)(protocol + len)));
        uint16_t c = (uint16_t)~sum(p, len, s);
        return c == 0 && protocol == IPPROTO_UDP ? 0xffff : c;
}

static size_t header_of(const NetAddress *a)
{
        return NET_ETHERNET_HEADER + (a->family == AF_INET6 ? IPV6_HEADER : IPV4_HEADER);
}

size_t frame_make_reset(const Frame *to, uint8_t *out)
{
        if (to->flags & FRAME_RST)
                return 0;
        uint8_t *p = begin_packet(&to->dest, &to->source, IPPROTO_TCP, TCP_HEADER, out);
        memset(p, 0, TCP_HEADER);
        put16(p, to->dest_port);
        put16(p + 2, to->source_port);
        p[12] = TCP_HEADER / 4 << 4;
        if (to->flags & FRAME_ACK) {
                put32(p + 4, to->acknowledged);
                p[13] = FRAME_RST;
        } else {
                uint32_t length =
                        (uint32_t)to->payload_len + !!(to->flags & FRAME_SYN) + !!(to->flags & FRAME_FIN);
                put32(p + 8, to->sequence + length);
                p[13] = FRAME_RST | FRAME_ACK;
        }
        put16(p + 16, checksum(&to->dest, &to->source, IPPROTO_TCP, p, TCP_HEADER));
        return header_of(&to->dest) + TCP_HEADER;
}

size_t frame_make_close(const Frame *fin, uint8_t *out)
{
        uint8_t *p = begin_packet(&fin->source, &fin->dest, IPPROTO_TCP, TCP_HEADER, out);
        memcpy(out + 6, net_guest_mac, 6);
        memset(p, 0, TCP_HEADER);
        put16(p, fin->source_port);
        put16(p + 2, fin->dest_port);
        put32(p + 4, fin->sequence + (uint32_t)fin->payload_len + 1);
        put32(p + 8, fin->acknowledged);
        p[12] = TCP_HEADER / 4 << 4;
        p[13] = FRAME_RST | FRAME_ACK;
        put16(p + 16, checksum(&fin->source, &fin->dest, IPPROTO_TCP, p, TCP_HEADER));
        return header_of(&fin->source) + TCP_HEADER;
}

size_t frame_make_prohibited(const Frame *to, const NetAddress *from, uint8_t *out)
{
        bool v6 = to->dest.family == AF_INET6;
        /* As much of the packet as fits into the minimum size of every link (RFC 1812 4.3.2.3, RFC 4443
         * 2.4). */
        size_t room = v6 ? 1280 - IPV6_HEADER - ICMP_HEADER : 576 - IPV4_HEADER - ICMP_HEADER;
        size_t n = to->packet_len < room ? to->packet_len : room;
        uint8_t protocol = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
        uint8_t *p = begin_packet(from, &to->source, protocol, ICMP_HEADER + n, out);
        memset(p, 0, ICMP_HEADER);
        p[0] = v6 ? ICMP6_DST_UNREACH : ICMP_DEST_UNREACH;
        p[1] = v6 ? ICMP6_DST_UNREACH_ADMIN : ICMP_PKT_FILTERED;
        memcpy(p + ICMP_HEADER, to->packet, n);
        put16(p + 2, v6 ? checksum(from, &to->source, protocol, p, ICMP_HEADER + n)
                        : (uint16_t)~sum(p, ICMP_HEADER + n, 0));
        return header_of(from) + ICMP_HEADER + n;
}

size_t frame_make_datagram(const NetAddress *from, uint16_t from_port, const NetAddress *to, uint16_t to_port,
                           const uint8_t *payload, size_t len, uint8_t *out)
{
        if (len > DATAGRAM_MAX)
                return 0;
        uint8_t *p = begin_packet(from, to, IPPROTO_UDP, UDP_HEADER + len, out);
        put16(p, from_port);
        put16(p + 2, to_port);
        put16(p + 4, (uint16_t)(UDP_HEADER + len));
        put16(p + 6, 0);
        memcpy(p + UDP_HEADER, payload, len);
        put16(p + 6, checksum(from, to, IPPROTO_UDP, p, UDP_HEADER + len));
        return header_of(from) + UDP_HEADER + len;
}

static size_t make_arp_request(uint8_t *out)
{
        static const uint8_t head[] = {0, 1, ETHERTYPE_IP >> 8, ETHERTYPE_IP & 0xff, 6, 4, 0, 1};
        uint8_t *p = out + NET_ETHERNET_HEADER;
        memset(out, 0xff, 6);
        memcpy(out + 6, net_guest_mac, 6);
        put16(out + 12, ETHERTYPE_ARP);
        memcpy(p, head, sizeof(head));
        memcpy(p + 8, net_guest_mac, 6);
        memcpy(p + 14, net_guest[0].bytes, 4);
        memset(p + 18, 0, 6);
        memcpy(p + 24, net_site.gateway[0].bytes, 4);
        return NET_ETHERNET_HEADER + 28;
}

size_t frame_make_announcement(sa_family_t family, uint8_t *out)
{
        if (family == AF_INET)
                return make_arp_request(out);
        const NetAddress *from = &net_guest[1], *to = &net_site.gateway[1];
        const size_t len = 32;
        uint8_t *p = begin_packet(from, to, IPPROTO_ICMPV6, len, out);
        memcpy(out + 6, net_guest_mac, 6);
        p[-IPV6_HEADER + 7] = 255; /* RFC 4861 7.1.1 */
        memset(p, 0, len);
        p[0] = ND_NEIGHBOR_SOLICIT;
        memcpy(p + 8, to->bytes, 16);
        p[24] = ND_OPT_SOURCE_LINKADDR;
        p[25] = 1;
        memcpy(p + 26, net_guest_mac, 6);
        put16(p + 2, checksum(from, to, IPPROTO_ICMPV6, p, len));
        return header_of(from) + len;
}

void frame_clamp_mss(uint8_t *bytes, size_t len, uint16_t mss)
{
        uint8_t *ip = bytes + NET_ETHERNET_HEADER, *tcp = ip + (ip[0] >> 4 == 6 ? IPV6_HEADER : IPV4_HEADER);
        /* In frames of libslirp, this option comes first. */
        if (tcp + TCP_HEADER + 4 > bytes + len || !(tcp[13] & FRAME_SYN) || tcp[12] >> 4 <= TCP_HEADER / 4 ||
            tcp[20] != TCPOPT_MAXSEG || tcp[21] != TCPOLEN_MAXSEG || get16(tcp + 22) <= mss)
                return;
        /* RFC 1624, eqn. 3 */
        uint32_t s = (uint32_t)(uint16_t)~get16(tcp + 16) + (uint16_t)~get16(tcp + 22) + mss;
        while (s >> 16)
                s = (s & 0xffff) + (s >> 16);
        put16(tcp + 22, mss);
        put16(tcp + 16, (uint16_t)~s);
}
