/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations shared by the parts of the policy. */
#pragma once

#include "net/policy.h"

#define NO_RULE UINT32_MAX

typedef struct PolicyRule {
        NetRule rule;
        bool deny;
        uint32_t next; /* the next one in the same bucket, or NO_RULE */
} PolicyRule;

typedef struct PinName {
        char *name;
        uint64_t until_ms; /* including the grace */
        uint64_t serial;   /* increases with every policy_learn() */
} PinName;

typedef struct Pin {
        NetAddress address;
        PinName *names;
        size_t n;
        uint32_t next; /* the next one in the same bucket, or in the free list; NO_RULE: none */
} Pin;

#define PIN_BUCKETS 1024

typedef struct Pins {
        Pin *items;
        size_t n, room; /* n of items[] have ever been used */
        uint32_t buckets[PIN_BUCKETS];
        uint32_t free_list;
        uint64_t serial;
} Pins;

/** A range of the built-in list. */
typedef struct NeverRange {
        NetAddress network;
        unsigned prefix;
        PolicyNever what;
} NeverRange;

/** never_range - return the range of the built-in list that contains @address; NULL: none. */
const NeverRange *never_range(const NetAddress *address);

/** never_inner - find the IPv4 addresses that a relay would extract from an IPv6 one; returns their number (0
 * to 2). */
size_t never_inner(const NetAddress *address, NetAddress ret[2]);

void pins_init(Pins *pins);
void pins_clear(Pins *pins);

/** pins_find - return the pin of @address, even if it has expired; NULL: none. */
const Pin *pins_find(const Pins *pins, const NetAddress *address);

/** pins_add - pin @address to @name until @until_ms. Returns 0 or -ENOMEM. */
int pins_add(Pins *pins, const NetAddress *address, const char *name, uint64_t until_ms, uint64_t now_ms);
