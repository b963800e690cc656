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

typedef struct LearnedName {
        char *name;
        uint64_t until_ms; /* including the grace */
        uint64_t serial;   /* increases with every policy_learn() */
} LearnedName;

typedef struct Learned {
        NetAddress address;
        LearnedName *names;
        size_t n;
        uint32_t next; /* the next one in the same bucket, or in the free list; NO_RULE: none */
} Learned;

#define LEARNED_BUCKETS 1024

typedef struct LearnedTable {
        Learned *items;
        size_t n, room; /* n of items[] have ever been used */
        uint32_t buckets[LEARNED_BUCKETS];
        uint32_t free_list;
        uint64_t serial;
} LearnedTable;

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

void learned_init(LearnedTable *table);
void learned_clear(LearnedTable *table);

/** learned_find - return the entry of @address, even if it has expired; NULL: none. */
const Learned *learned_find(const LearnedTable *table, const NetAddress *address);

/** learned_add - keep @name for @address until @until_ms. Returns 0 or -ENOMEM. */
int learned_add(LearnedTable *table, const NetAddress *address, const char *name, uint64_t until_ms,
                uint64_t now_ms);
