/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the table of allowed connections. */
#include "net/flow.h"

#include <sys/mman.h>

#define SETS 8192
#define WAYS 8

struct FlowTable {
        uint32_t seed;
        Flow flows[SETS][WAYS];
};

FlowTable *flow_table_new(uint32_t seed)
{
        /* Untouched pages use no memory. */
        FlowTable *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (t == MAP_FAILED)
                return NULL;
        t->seed = seed;
        return t;
}

void flow_table_free(FlowTable *t)
{
        if (t)
                (void)munmap(t, sizeof(*t));
}

uint64_t flow_key_hash(const FlowKey *key, uint32_t seed)
{
        uint64_t words[2], h = seed;
        memcpy(words, key->address.bytes, sizeof(words));
        const uint64_t parts[] = {words[0], words[1],
                                  (uint64_t)key->port << 32 | (uint64_t)key->guest_port << 16 |
                                          key->protocol};
        for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
                h = (h ^ parts[i]) * UINT64_C(0x9e3779b97f4a7c15);
                h ^= h >> 29;
        }
        return h;
}

static Flow *set_of(FlowTable *t, const FlowKey *key)
{
        return t->flows[flow_key_hash(key, t->seed) % SETS];
}

static bool is_key(const Flow *f, const FlowKey *key)
{
        return f->used && flow_key_eq(&f->key, key);
}

Flow *flow_find(FlowTable *t, const FlowKey *key, uint64_t now_ms, uint32_t idle_ms)
{
        Flow *set = set_of(t, key);
        for (size_t i = 0; i < WAYS; i++) {
                if (!is_key(&set[i], key))
                        continue;
                if (idle_ms > 0 && (uint32_t)now_ms - set[i].seen_ms > idle_ms) {
                        flow_remove(&set[i]);
                        return NULL;
                }
                set[i].seen_ms = (uint32_t)now_ms;
                return &set[i];
        }
        return NULL;
}

Flow *flow_add(FlowTable *t, const FlowKey *key, uint64_t now_ms)
{
        Flow *set = set_of(t, key), *best = &set[0];
        uint32_t best_age = 0;
        for (size_t i = 0; i < WAYS; i++) {
                uint32_t age = (uint32_t)now_ms - set[i].seen_ms;
                if (is_key(&set[i], key)) {
                        best = &set[i];
                        break;
                }
                if (!set[i].used)
                        age = UINT32_MAX;
                if (age >= best_age) {
                        best_age = age;
                        best = &set[i];
                }
        }
        *best = (Flow){.key = *key, .used = 1, .seen_ms = (uint32_t)now_ms};
        return best;
}

void flow_remove(Flow *flow)
{
        *flow = (Flow){0};
}
