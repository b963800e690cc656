/* SPDX-License-Identifier: Apache-2.0 */
/* Computes SHA-256 hashes with nettle. */
#include "base/sha256.h"

#include "base/library.h"

#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>
#include <stdio.h>

#define NETTLE_FUNCTIONS(X) X(sha256, nettle_sha256)
LIBRARY(nettle, NETTLE_FUNCTIONS, "nettle", "libnettle8", "recommended",
        "Trust in profiles of projects, images", "libnettle.so.8");

int sha256_load(Error *err)
{
        int r = library_load(&nettle_library, err);
        if (r < 0)
                return r;
        const struct nettle_hash *hash = nettle.sha256;
        if (hash->context_size > sizeof(((Sha256 *)0)->state) || hash->digest_size != SHA256_DIGEST_SIZE)
                return error_set(err, ENOENT, "this version of nettle has no compatible SHA-256");
        return 0;
}

int sha256_begin(Sha256 *hash, Error *err)
{
        int r = sha256_load(err);
        if (r == 0)
                nettle.sha256->init(hash->state);
        return r;
}

void sha256_add(Sha256 *hash, const void *data, size_t len)
{
        nettle.sha256->update(hash->state, len, data);
}

void sha256_end(Sha256 *hash, char ret[static SHA256_HEX_ROOM])
{
        uint8_t digest[SHA256_DIGEST_SIZE];
        nettle.sha256->digest(hash->state, sizeof(digest), digest);
        for (size_t i = 0; i < sizeof(digest); i++)
                (void)snprintf(ret + 2 * i, SHA256_HEX_ROOM - 2 * i, "%02x", digest[i]);
}

int sha256_hex(const void *data, size_t len, char ret[static SHA256_HEX_ROOM], Error *err)
{
        Sha256 hash;
        int r = sha256_begin(&hash, err);
        if (r < 0)
                return r;
        sha256_add(&hash, data, len);
        sha256_end(&hash, ret);
        return 0;
}
