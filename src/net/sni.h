/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name in a TLS ClientHello, from the first bytes that a client sends over TCP. Pure.
 *
 * How a connection uses it (net/conn.h): if its verdict has check_sni, it keeps the client's bytes, in the
 * order of the stream, in a buffer of at most SNI_BUFFER_MAX, and calls sni_parse() on the whole buffer
 * whenever it grows. Nothing is passed on while the answer is SNI_MORE (the server's data still goes to the
 * client, so that protocols in which the server speaks first work); if the client closes then, nothing is
 * sent. After SNI_NOT_TLS everything is passed on without further checks; after SNI_NAME and SNI_NO_NAME,
 * policy_check_sni() decides; SNI_MALFORMED is refused as WHY_SNI. The parser gets reassembled bytes, as
 * TCP's receiver would, never single frames.
 */
#pragma once

#include "base/util.h"

/** A ClientHello with post-quantum key shares has 2 KiB; 16 KiB + 5 is one record. A longer one is
 * refused. */
#define SNI_BUFFER_MAX 16389
#define SNI_NAME_ROOM 256

typedef enum SniResult {
        SNI_MORE,      /* it may be TLS so far */
        SNI_NOT_TLS,   /* the first bytes are not a TLS handshake */
        SNI_NAME,      /* a ClientHello with a host name */
        SNI_NO_NAME,   /* a ClientHello without one */
        SNI_MALFORMED, /* it begins like TLS but is invalid, or is too long */
} SniResult;

/**
 * sni_parse - parse the first bytes of a client's stream (RFC 8446 4.1.2 and 5.1, RFC 6066 3).
 *
 * A ClientHello may be split over records. With Encrypted Client Hello this is the outer name, which is
 * visible to everybody on the way.
 *
 * @ret_name: of SNI_NAME_ROOM bytes; with SNI_NAME the name as sent, of @ret_len arbitrary bytes, at most
 * 255; otherwise untouched.
 */
SniResult sni_parse(const uint8_t *data, size_t len, char *ret_name, size_t *ret_len);
