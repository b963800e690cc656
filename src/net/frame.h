/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ethernet frames of the sandbox: parses them completely or not at all, and makes the answers to refused
 * ones. Pure.
 *
 * Only frames that the sandbox's kernel sends for ordinary programs are valid: IPv4 without options and IPv6
 * without extension headers, unfragmented, with lengths that match exactly, of TCP, UDP or an echo request.
 */
#pragma once

#include "net/site.h"

/** The reason why a frame is invalid. */
typedef enum FrameResult {
        FRAME_OK,
        FRAME_BAD_ETHERNET, /* too short, not from the sandbox's own address, neither IPv4 nor IPv6 (VLAN,
                               ARP) */
        FRAME_BAD_LENGTH,   /* two lengths do not match */
        FRAME_BAD_HEADER,   /* version, options, header checksum, contradictory flags */
        FRAME_FRAGMENT,
        FRAME_BAD_PROTOCOL, /* extension headers, another protocol, another ICMP message */
        FRAME_RESULTS,
} FrameResult;

enum {
        FRAME_FIN = 0x01,
        FRAME_SYN = 0x02,
        FRAME_RST = 0x04,
        FRAME_ACK = 0x10,
};

/** The parts of a frame. The pointers point into the parsed bytes. */
typedef struct Frame {
        NetAddress source, dest;
        NetProtocol protocol;
        uint16_t source_port, dest_port; /* NET_ICMP: 0 */
        uint8_t flags;                   /* TCP: FRAME_FIN... */
        uint32_t sequence, acknowledged; /* TCP */
        const uint8_t *packet;           /* the IP header */
        size_t packet_len;
        const uint8_t *payload; /* of TCP, UDP or the echo */
        size_t payload_len;
} Frame;

/**
 * frame_parse - parse a frame of @len bytes.
 *
 * @from: the required Ethernet source address; NULL: any (frames of libslirp).
 * @ret: untouched unless FRAME_OK is returned.
 */
FrameResult frame_parse(const uint8_t *bytes, size_t len, const uint8_t from[6], Frame *ret);

/** Maximum size of the following frames. */
#define FRAME_ANSWER_MAX (NET_ETHERNET_HEADER + 1280)

/** frame_make_reset - make the TCP reset that refuses @to (RFC 9293 3.10.7.1). @out: FRAME_ANSWER_MAX bytes.
 * Returns the length; 0: a reset has no answer. */
size_t frame_make_reset(const Frame *to, uint8_t *out);

/** frame_make_close - make the reset by which libslirp forgets the connection that @fin, of the sandbox,
 * ended. Returns the length. */
size_t frame_make_close(const Frame *fin, uint8_t *out);

/**
 * frame_make_prohibited - make the ICMP message "administratively prohibited" that refuses @to (RFC 1812
 * 5.2.7.1, RFC 4443 3.1). @from: the router's address, of the same family. Returns the length.
 */
size_t frame_make_prohibited(const Frame *to, const NetAddress *from, uint8_t *out);

/** frame_make_datagram - make a UDP datagram to the sandbox. Returns the length; 0: @len exceeds 1232
 * bytes. */
size_t frame_make_datagram(const NetAddress *from, uint16_t from_port, const NetAddress *to, uint16_t to_port,
                           const uint8_t *payload, size_t len, uint8_t *out);

/** frame_clamp_mss - lower the segment size in a SYN of libslirp (RFC 9293 3.7.1) to @mss; another frame does
 * not change. @bytes: frame_parse() has accepted it. */
void frame_clamp_mss(uint8_t *bytes, size_t len, uint16_t mss);

/**
 * frame_make_announcement - make the sandbox's ARP request or neighbour solicitation for its gateway, from
 * which libslirp learns its Ethernet address: kurung makes it, because the sandbox's own are dropped. Returns
 * the length.
 */
size_t frame_make_announcement(sa_family_t family, uint8_t *out);
