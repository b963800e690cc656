/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that were allowed: a table of a fixed size. What a payload makes too many of pushes out what
 * was used least lately, and is asked for again; nothing is ever allowed by it that was not before. Pure.
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
        uint8_t inbound;     /* it came in by a published port */
        uint32_t generation; /* of the host's addresses when it was allowed */
        uint32_t seen_ms;    /* the clock's lower half, when it was last used */
} Flow;

/** flow_key - the flow between the sandbox's @guest_port and the other end. */
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

/** flow_key_hash - for a table of flows. A payload that finds keys of one bucket only slows or pushes out its
 * own, so that the mixing need not be strong. */
uint64_t flow_key_hash(const FlowKey *key, uint32_t seed);

typedef struct FlowTable FlowTable;

/** flow_table_new - NULL when out of memory. Memory is touched only as flows come. */
FlowTable *flow_table_new(uint32_t seed);
void flow_table_free(FlowTable *t);

/** flow_find - the flow, or NULL; what was not used for @idle_ms is gone (0: never). */
Flow *flow_find(FlowTable *t, const FlowKey *key, uint64_t now_ms, uint32_t idle_ms);

/** flow_add - the flow, made when it is not there. Never fails. */
Flow *flow_add(FlowTable *t, const FlowKey *key, uint64_t now_ms);

void flow_remove(Flow *flow);
