/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) by nettle, which is loaded on demand. */
#pragma once

#include "base/error.h"

#define SHA256_HEX_ROOM 65

/**
 * sha256_hex - compute the hash of @len bytes at @data as 64 hexadecimal digits.
 *
 * Returns 0, or -ENOENT with @err: nettle is not installed.
 */
int sha256_hex(const void *data, size_t len, char ret[static SHA256_HEX_ROOM], Error *err);
