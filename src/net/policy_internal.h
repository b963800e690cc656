/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the policy share. */
#pragma once

#include "net/policy.h"

#define NO_RULE UINT32_MAX

typedef struct PolicyRule {
        NetRule rule;
        bool deny;
        uint32_t next; /* the next one of the same bucket, or NO_RULE */
} PolicyRule;

typedef struct PinName {
        char *name;
        uint64_t until_ms; /* with the grace */
        uint64_t serial;   /* grows with every policy_learn() */
} PinName;

typedef struct Pin {
        NetAddress address;
        PinName *names;
        size_t n;
        uint32_t next; /* the next one of the same bucket, or of the free list; NO_RULE: none */
} Pin;

#define PIN_BUCKETS 1024

typedef struct Pins {
        Pin *items;
        size_t n, room; /* of items[] n were ever used */
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

/** never_range - the range of the built-in list that holds @address, or NULL. */
const NeverRange *never_range(const NetAddress *address);

/** never_inner - the IPv4 addresses that a relay would make of an IPv6 one; returns how many (0 to 2). */
size_t never_inner(const NetAddress *address, NetAddress ret[2]);

void pins_init(Pins *pins);
void pins_clear(Pins *pins);

/** pins_find - what is pinned of @address, also when it is over; NULL: nothing. */
const Pin *pins_find(const Pins *pins, const NetAddress *address);

/** pins_add - until @until_ms @address is @name. 0 or -ENOMEM. */
int pins_add(Pins *pins, const NetAddress *address, const char *name, uint64_t until_ms, uint64_t now_ms);
