/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name in a TLS ClientHello, of the first bytes that a client sends over TCP. Pure.
 *
 * How a connection uses it (net/conn.h): when its verdict has check_sni, the client's bytes are kept, in the
 * order of the stream, in one buffer of at most SNI_BUFFER_MAX, and sni_parse() is called on the whole of it
 * whenever it grew. Nothing of it is passed on while the answer is SNI_MORE (what the server says goes to the
 * client all the same, so that protocols in which the server speaks first work); a client that closes then
 * has said nothing. After SNI_NOT_TLS all is passed on and nothing more looked at; after SNI_NAME and
 * SNI_NO_NAME policy_check_sni() decides; SNI_MALFORMED is refused as WHY_SNI. Bytes are what TCP's receiver
 * would make of the segments: the parser is behind reassembly, never on single frames.
 */
#pragma once

#include "base/util.h"

/** A ClientHello with post-quantum key shares has 2 KiB; 16 KiB + 5 is one record. A longer one is refused.
 */
#define SNI_BUFFER_MAX 16389
#define SNI_NAME_ROOM 256

typedef enum SniResult {
        SNI_MORE,      /* so far it may be TLS */
        SNI_NOT_TLS,   /* the first bytes are no TLS handshake */
        SNI_NAME,      /* a ClientHello with a host name */
        SNI_NO_NAME,   /* a ClientHello without */
        SNI_MALFORMED, /* begins as TLS and is not, or is too long */
} SniResult;

/**
 * sni_parse - look at the first bytes of a client's stream (RFC 8446 4.1.2 and 5.1, RFC 6066 3).
 *
 * A ClientHello may be split over records. With Encrypted Client Hello this is the outer name, which is what
 * is seen by everybody on the way.
 *
 * @ret_name: of SNI_NAME_ROOM bytes; with SNI_NAME the name as sent, of @ret_len bytes, which may be any but
 *            never more than 255; else untouched.
 */
SniResult sni_parse(const uint8_t *data, size_t len, char *ret_name, size_t *ret_len);
