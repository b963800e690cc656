/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of fixed size with allowed connections. If a payload opens too many, the least recently used ones
 * are evicted, and the policy is asked again; eviction never allows a connection. Pure.
 */
#pragma once

#include "net/site.h"

typedef struct FlowKey {
        NetAddress address; /* the other end */
        uint16_t port;
        uint16_t guest_port;
        uint16_t protocol; /* NetProtocol */
} FlowKey;

typedef struct Flow {
        FlowKey key;
        uint8_t used;        /* 0: free */
        uint8_t inbound;     /* it arrived at a published port */
        uint32_t generation; /* of the host's addresses when the flow was allowed */
        uint32_t seen_ms;    /* lower half of the clock at the last use */
} Flow;

/** flow_key - return the flow between the sandbox's @guest_port and the other end. */
static inline FlowKey flow_key(NetProtocol protocol, const NetAddress *address, uint16_t port,
                               uint16_t guest_port)
{
        return (FlowKey){
                .address = *address, .port = port, .guest_port = guest_port, .protocol = (uint16_t)protocol};
}

static inline bool flow_key_eq(const FlowKey *a, const FlowKey *b)
{
        return a->port == b->port && a->guest_port == b->guest_port && a->protocol == b->protocol &&
               net_address_eq(&a->address, &b->address);
}

/** flow_key_hash - return a hash for a table of flows. A payload that finds keys with the same bucket only
 * slows down or evicts its own flows, so that the hash need not be strong. */
uint64_t flow_key_hash(const FlowKey *key, uint32_t seed);

typedef struct FlowTable FlowTable;

/** flow_table_new - make a table; NULL: out of memory. Its pages are touched only when flows are added. */
FlowTable *flow_table_new(uint32_t seed);
void flow_table_free(FlowTable *t);

/** flow_find - return the flow; NULL: none, or unused for @idle_ms (0: no limit). */
Flow *flow_find(FlowTable *t, const FlowKey *key, uint64_t now_ms, uint32_t idle_ms);

/** flow_add - return the flow, which is added if it is missing. Never fails. */
Flow *flow_add(FlowTable *t, const FlowKey *key, uint64_t now_ms);

void flow_remove(Flow *flow);
