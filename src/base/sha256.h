/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) by nettle, which is loaded on demand. */
#pragma once

#include "base/error.h"

#define SHA256_HEX_ROOM 65

/** The state of a hash that is computed piece by piece. */
typedef struct Sha256 {
        _Alignas(16) unsigned char state[256];
} Sha256;

/** sha256_load - load nettle, for code that cannot open files later. Returns 0, or -ENOENT with @err: it is
 * not installed. */
int sha256_load(Error *err);

/** sha256_begin - start a hash. Returns 0 or -ENOENT with @err, like sha256_load(). */
int sha256_begin(Sha256 *hash, Error *err);

/** sha256_add - add @len bytes to a hash that was started. */
void sha256_add(Sha256 *hash, const void *data, size_t len);

/** sha256_end - write the hash as 64 hexadecimal digits. */
void sha256_end(Sha256 *hash, char ret[static SHA256_HEX_ROOM]);

/**
 * sha256_hex - compute the hash of @len bytes at @data as 64 hexadecimal digits.
 *
 * Returns 0, or -ENOENT with @err: nettle is not installed.
 */
int sha256_hex(const void *data, size_t len, char ret[static SHA256_HEX_ROOM], Error *err);
