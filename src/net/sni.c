/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the server name in a TLS ClientHello. */
#include "net/sni.h"

enum { RECORD_HEADER = 5, HANDSHAKE_HEADER = 4, RECORD_HANDSHAKE = 22, CLIENT_HELLO = 1 };
enum { RECORD_MAX = 16384, RANDOM_LEN = 32, EXTENSION_SERVER_NAME = 0, NAME_HOST = 0 };

/* A part of a message, which is read from its front. */
typedef struct Part {
        const uint8_t *data;
        size_t len;
} Part;

static bool take_number(Part *p, size_t bytes, size_t *ret)
{
        size_t n = 0;
        if (p->len < bytes)
                return false;
        for (size_t i = 0; i < bytes; i++)
                n = n << 8 | p->data[i];
        p->data += bytes;
        p->len -= bytes;
        *ret = n;
        return true;
}

static bool take_part(Part *p, size_t len, Part *ret)
{
        if (p->len < len)
                return false;
        *ret = (Part){p->data, len};
        p->data += len;
        p->len -= len;
        return true;
}

/* Takes a vector of TLS: its length in @bytes bytes, then its content. */
static bool take_vector(Part *p, size_t bytes, Part *ret)
{
        size_t len;
        return take_number(p, bytes, &len) && take_part(p, len, ret);
}

/* Parses server_name: a list with one name of each type (RFC 6066 3). */
static SniResult parse_names(Part extension, char *ret_name, size_t *ret_len)
{
        Part list, name;
        size_t type;
        bool found = false;
        if (!take_vector(&extension, 2, &list) || extension.len > 0 || list.len == 0)
                return SNI_MALFORMED;
        while (list.len > 0) {
                if (!take_number(&list, 1, &type) || !take_vector(&list, 2, &name))
                        return SNI_MALFORMED;
                if (type != NAME_HOST)
                        continue;
                if (found || name.len == 0 || name.len >= SNI_NAME_ROOM)
                        return SNI_MALFORMED;
                memcpy(ret_name, name.data, name.len);
                *ret_len = name.len;
                found = true;
        }
        return found ? SNI_NAME : SNI_NO_NAME;
}

/* Parses the complete body of a ClientHello (RFC 8446 4.1.2, RFC 5246 7.4.1.2). */
static SniResult parse_hello(Part hello, char *ret_name, size_t *ret_len)
{
        Part skipped, extensions, extension;
        size_t number;
        SniResult result = SNI_NO_NAME;
        char name[SNI_NAME_ROOM];
        size_t len = 0;
        if (!take_number(&hello, 2, &number) || !take_part(&hello, RANDOM_LEN, &skipped) ||
            !take_vector(&hello, 1, &skipped) || skipped.len > 32 || !take_vector(&hello, 2, &skipped) ||
            skipped.len < 2 || skipped.len % 2 != 0 || !take_vector(&hello, 1, &skipped) || skipped.len == 0)
                return SNI_MALFORMED;
        /* Before TLS 1.3 there may be no extensions. */
        if (hello.len == 0)
                return SNI_NO_NAME;
        if (!take_vector(&hello, 2, &extensions) || hello.len > 0)
                return SNI_MALFORMED;
        while (extensions.len > 0) {
                if (!take_number(&extensions, 2, &number) || !take_vector(&extensions, 2, &extension))
                        return SNI_MALFORMED;
                if (number != EXTENSION_SERVER_NAME)
                        continue;
                /* The extension occurs twice: it is unknown which one the server uses. */
                if (result != SNI_NO_NAME)
                        return SNI_MALFORMED;
                result = parse_names(extension, name, &len);
                if (result != SNI_NAME)
                        return SNI_MALFORMED;
        }
        if (result == SNI_NAME) {
                memcpy(ret_name, name, len);
                *ret_len = len;
        }
        return result;
}

/* Returns whether the first bytes may be a handshake record of TLS (SSL 3.0 has the same major version). */
static bool may_be_tls(const uint8_t *data, size_t len)
{
        return data[0] == RECORD_HANDSHAKE && (len < 2 || data[1] == 3);
}

/*
 * Joins the contents of the records in @out. Returns SNI_MORE if a record is incomplete, SNI_NO_NAME if the
 * handshake message is complete, SNI_MALFORMED.
 */
static SniResult join_records(const uint8_t *data, size_t len, uint8_t *out, size_t *ret_len)
{
        Part rest = {data, len}, record;
        size_t type, version, size, have = 0;
        while (take_number(&rest, 1, &type)) {
                if (type != RECORD_HANDSHAKE)
                        return SNI_MALFORMED;
                if (!take_number(&rest, 2, &version) || !take_number(&rest, 2, &size))
                        return SNI_MORE;
                /* An empty fragment of a handshake is forbidden (RFC 8446 5.1). */
                if (version >> 8 != 3 || size == 0 || size > RECORD_MAX)
                        return SNI_MALFORMED;
                /* The part of an incomplete record counts, so that its type and length are checked early. */
                bool whole = take_part(&rest, size, &record);
                if (!whole)
                        record = rest;
                memcpy(out + have, record.data, record.len);
                have += record.len;
                *ret_len = have;
                if (have >= 1 && out[0] != CLIENT_HELLO)
                        return SNI_MALFORMED;
                if (have >= HANDSHAKE_HEADER) {
                        size_t want =
                                HANDSHAKE_HEADER + ((size_t)out[1] << 16 | (size_t)out[2] << 8 | out[3]);
                        if (want > SNI_BUFFER_MAX)
                                return SNI_MALFORMED;
                        if (have >= want) {
                                *ret_len = want;
                                return SNI_NO_NAME;
                        }
                }
                if (!whole)
                        return SNI_MORE;
        }
        return SNI_MORE;
}

SniResult sni_parse(const uint8_t *data, size_t len, char *ret_name, size_t *ret_len)
{
        uint8_t message[SNI_BUFFER_MAX];
        size_t have = 0;
        if (len == 0)
                return SNI_MORE;
        if (!may_be_tls(data, len))
                return SNI_NOT_TLS;
        /* The caller's buffer is full, and the message is incomplete. */
        bool full = len >= SNI_BUFFER_MAX;
        if (len > SNI_BUFFER_MAX)
                len = SNI_BUFFER_MAX;
        SniResult r = join_records(data, len, message, &have);
        if (r == SNI_MORE && full)
                return SNI_MALFORMED;
        if (r != SNI_NO_NAME)
                return r;
        return parse_hello((Part){message + HANDSHAKE_HEADER, have - HANDSHAKE_HEADER}, ret_name, ret_len);
}
