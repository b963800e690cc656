/* SPDX-License-Identifier: Apache-2.0 */
/* Decides whether libslirp may reach a destination. */
#include "net/destination.h"

static bool is_loopback(const NetAddress *a)
{
        static const NetAddress loopback[] = {{.family = AF_INET, .bytes = {127, 0, 0, 1}},
                                              {.family = AF_INET6, .bytes = {[15] = 1}}};
        return net_address_eq(a, &loopback[net_family_index(a->family)]);
}

/* Returns whether @frame has this destination. */
static bool is_asked_for(const Frame *frame, bool is_stream, Destination *to)
{
        const NetAddress *gateway = &net_site.gateway[net_family_index(to->host.family)];
        if (!frame || is_stream != (frame->protocol == NET_TCP))
                return false;
        to->named.protocol = frame->protocol;
        if (frame->protocol == NET_ICMP)
                to->named.port = 0;
        /* libslirp turns its gateway's address into the host's loopback. */
        if (is_loopback(&to->host) && net_address_eq(&frame->dest, gateway))
                to->named.address = *gateway;
        return net_address_eq(&frame->dest, &to->named.address) && frame->dest_port == to->named.port;
}

/* Returns whether this answers a client that arrived at a published port. */
static bool is_answer(const Filter *f, const Frame *frame, const PolicyTarget *to, uint64_t now_ms)
{
        const FlowKey key = flow_key(to->protocol, &to->address, to->port, frame->source_port);
        const Flow *flow = flow_find(f->flows, &key, now_ms, 0);
        return flow && flow->inbound;
}

bool destination_check(const Filter *f, const Frame *frame, bool is_stream, const NetAddress *host,
                       uint16_t port, uint64_t now_ms, Destination *ret, PolicyVerdict *ret_verdict)
{
        *ret = (Destination){
                .named = {.address = *host, .protocol = is_stream ? NET_TCP : NET_UDP, .port = port},
                .host = *host,
        };
        if (!is_asked_for(frame, is_stream, ret)) {
                *ret_verdict = (PolicyVerdict){.action = POLICY_REFUSE, .why = WHY_UNASKED, .rule = -1};
                return false;
        }
        policy_check(f->policy, &ret->named, now_ms, ret_verdict);
        return ret_verdict->action != POLICY_REFUSE || is_answer(f, frame, &ret->named, now_ms) ||
               (!is_stream && ret_verdict->lapsed);
}
