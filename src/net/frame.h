/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ethernet frames of the sandbox: parsed completely or not at all, and the answers to what is refused. Pure.
 *
 * Only what an ordinary program of the sandbox makes its kernel send is a frame here: IPv4 without options
 * and IPv6 without extension headers, not fragmented, with lengths that agree to the byte, of TCP, UDP or an
 * echo request.
 */
#pragma once

#include "net/site.h"

/** Why a frame is none. */
typedef enum FrameResult {
        FRAME_OK,
        FRAME_BAD_ETHERNET, /* too short, not from the sandbox's own address, neither IPv4 nor IPv6 (VLAN,
                               ARP) */
        FRAME_BAD_LENGTH,   /* a length that does not agree with another */
        FRAME_BAD_HEADER,   /* version, options, header checksum, flags that exclude each other */
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

/** A frame's parts. Pointers go into the bytes that were parsed. */
typedef struct Frame {
        NetAddress source, dest;
        NetProtocol protocol;
        uint16_t source_port, dest_port; /* of NET_ICMP 0 */
        uint8_t flags;                   /* TCP: FRAME_FIN... */
        uint32_t sequence, acknowledged; /* TCP */
        const uint8_t *packet;           /* the IP header */
        size_t packet_len;
        const uint8_t *payload; /* of TCP, UDP or the echo */
        size_t payload_len;
} Frame;

/**
 * frame_parse - take a frame of @len bytes apart.
 *
 * @from: the Ethernet address that it must come from; NULL: any (what libslirp makes).
 * @ret: untouched unless FRAME_OK is returned.
 */
FrameResult frame_parse(const uint8_t *bytes, size_t len, const uint8_t from[6], Frame *ret);

/** The largest of the frames below. */
#define FRAME_ANSWER_MAX (NET_ETHERNET_HEADER + 1280)

/** frame_make_reset - the TCP reset that refuses @to (RFC 9293 3.10.7.1). @out: FRAME_ANSWER_MAX bytes.
 * Returns the length; 0: there is no answer to a reset. */
size_t frame_make_reset(const Frame *to, uint8_t *out);

/** frame_make_close - the reset by which libslirp forgets the connection that @fin, of the sandbox, ended.
 * Returns the length. */
size_t frame_make_close(const Frame *fin, uint8_t *out);

/**
 * frame_make_prohibited - the ICMP message "administratively prohibited" that refuses @to (RFC 1812 5.2.7.1,
 * RFC 4443 3.1). @from: the router's address, of the same family. Returns the length.
 */
size_t frame_make_prohibited(const Frame *to, const NetAddress *from, uint8_t *out);

/** frame_make_datagram - a UDP datagram to the sandbox. Returns the length, 0: @len is over 1232 bytes. */
size_t frame_make_datagram(const NetAddress *from, uint16_t from_port, const NetAddress *to, uint16_t to_port,
                           const uint8_t *payload, size_t len, uint8_t *out);

/** frame_clamp_mss - lower the segment size that a SYN of libslirp's offers (RFC 9293 3.7.1) to @mss; another
 * frame stays as it is. @bytes: frame_parse() has taken it. */
void frame_clamp_mss(uint8_t *bytes, size_t len, uint16_t mss);

/**
 * frame_make_announcement - the sandbox's ARP request or neighbour solicitation for its gateway, by which
 * libslirp learns its Ethernet address: made by us, as none of the sandbox's own gets through. Returns the
 * length.
 */
size_t frame_make_announcement(sa_family_t family, uint8_t *out);
