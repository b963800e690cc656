/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes by nettle's SHA-256. */
#include "base/sha256.h"

#include <dlfcn.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>
#include <stdio.h>

int sha256_hex(const void *data, size_t len, char ret[static SHA256_HEX_ROOM], Error *err)
{
        struct sha256_ctx state;
        uint8_t digest[SHA256_DIGEST_SIZE];
        /* Never unloaded: who asks once asks again. */
        void *h = dlopen("libnettle.so.8", RTLD_NOW | RTLD_LOCAL);
        const struct nettle_hash *hash = h ? dlsym(h, "nettle_sha256") : NULL;
        if (!hash || hash->context_size > sizeof(state) || hash->digest_size != sizeof(digest))
                return error_set(err, ENOENT,
                                 "nettle can't be loaded (Debian, Ubuntu: apt install libnettle8): %s",
                                 h ? "it has no SHA-256 of this kind" : dlerror());
        hash->init(&state);
        hash->update(&state, len, data);
        hash->digest(&state, sizeof(digest), digest);
        for (size_t i = 0; i < sizeof(digest); i++)
                (void)snprintf(ret + 2 * i, SHA256_HEX_ROOM - 2 * i, "%02x", digest[i]);
        return 0;
}
