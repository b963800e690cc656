/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the destinations that the sandbox tried to reach. */
#include "net/attempts.h"

#include <stdio.h>
#include <sys/mman.h>

#define TABLE_BYTES (NET_ATTEMPTS_MAX * sizeof(NetAttempt))

int attempts_init(AttemptTable *t)
{
        *t = (AttemptTable){0};
        t->items = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (t->items == MAP_FAILED) {
                t->items = NULL;
                return -ENOMEM;
        }
        return 0;
}

void attempts_clear(AttemptTable *t)
{
        if (t->items)
                (void)munmap(t->items, TABLE_BYTES);
        *t = (AttemptTable){0};
}

static uint32_t hash_bytes(uint32_t h, const void *data, size_t len)
{
        for (const unsigned char *p = data; len > 0; len--, p++)
                h = (h ^ *p) * 0x01000193;
        return h;
}

static bool is_attempt_at(const NetAttempt *r, const char *name, const PolicyTarget *to, bool allowed)
{
        return r->port == to->port && r->protocol == to->protocol && r->allowed == allowed &&
               str_eq(r->name, name) && (name[0] || net_address_eq(&r->address, &to->address));
}

void attempts_add(AttemptTable *t, const char *name, const PolicyTarget *to, bool allowed, const char *reason)
{
        if (!name)
                name = "";
        /* A destination with a name is found by the name, because its addresses change. */
        uint32_t h = hash_bytes(0x811c9dc5, name, strlen(name));
        if (!name[0])
                h = hash_bytes(h, to->address.bytes, sizeof(to->address.bytes));
        h = hash_bytes(h, &to->port, sizeof(to->port)) + to->protocol + allowed;
        size_t slot = h % ARRAY_LEN(t->index);
        for (; t->index[slot]; slot = (slot + 1) % ARRAY_LEN(t->index)) {
                NetAttempt *r = &t->items[t->index[slot] - 1];
                if (is_attempt_at(r, name, to, allowed)) {
                        r->count++;
                        return;
                }
        }
        if (t->n == NET_ATTEMPTS_MAX) {
                t->overflow++;
                return;
        }
        NetAttempt *r = &t->items[t->n++];
        *r = (NetAttempt){.address = to->address,
                          .port = to->port,
                          .protocol = (uint16_t)to->protocol,
                          .allowed = allowed,
                          .count = 1};
        (void)snprintf(r->name, sizeof(r->name), "%s", name);
        (void)snprintf(r->reason, sizeof(r->reason), "%s", reason);
        t->index[slot] = (uint16_t)t->n;
}
