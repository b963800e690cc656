/* SPDX-License-Identifier: Apache-2.0 */
/* Computes SHA-256 hashes with nettle. */
#include "base/sha256.h"

#include "base/library.h"

#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>
#include <stdio.h>

#define NETTLE_FUNCTIONS(X) X(sha256, nettle_sha256)
LIBRARY(nettle, NETTLE_FUNCTIONS, "nettle", "libnettle8", "recommended", "Trust in profiles of projects",
        "libnettle.so.8");

int sha256_hex(const void *data, size_t len, char ret[static SHA256_HEX_ROOM], Error *err)
{
        struct sha256_ctx state;
        uint8_t digest[SHA256_DIGEST_SIZE];
        int r = library_load(&nettle_library, err);
        if (r < 0)
                return r;
        const struct nettle_hash *hash = nettle.sha256;
        if (hash->context_size > sizeof(state) || hash->digest_size != sizeof(digest))
                return error_set(err, ENOENT, "this version of nettle has no compatible SHA-256");
        hash->init(&state);
        hash->update(&state, len, data);
        hash->digest(&state, sizeof(digest), digest);
        for (size_t i = 0; i < sizeof(digest); i++)
                (void)snprintf(ret + 2 * i, SHA256_HEX_ROOM - 2 * i, "%02x", digest[i]);
        return 0;
}
