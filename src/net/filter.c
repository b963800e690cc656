/* SPDX-License-Identifier: Apache-2.0 */
/* Decides about every frame between the sandbox and libslirp. */
#include "net/filter.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

/* libslirp keeps a UDP socket for 240 s, which must not extend an expired name. */
#define UDP_IDLE_MS 60000
#define DNS_PORT 53

static FilterAction refuse(Filter *f)
{
        const Frame *frame = &f->frame;
        f->answer_len =
                frame->protocol == NET_TCP
                        ? frame_make_reset(frame, f->answer)
                        : frame_make_prohibited(
                                  frame, &net_site.gateway[net_family_index(frame->dest.family)], f->answer);
        return f->answer_len > 0 ? FILTER_ANSWER : FILTER_DROP;
}

static FilterAction ask(Filter *f, const FlowKey *key, bool report, uint64_t now_ms)
{
        const PolicyTarget to = {
                .address = key->address, .protocol = (NetProtocol)key->protocol, .port = key->port};
        PolicyVerdict verdict;
        policy_check(f->policy, &to, now_ms, &verdict);
        if (f->says_yes && verdict.action == POLICY_REFUSE)
                verdict.action = POLICY_ALLOW;
        if (verdict.action == POLICY_RESOLVE) {
                if (key->protocol == NET_UDP)
                        return FILTER_RESOLVE;
                report = false; /* each name is reported, not each query */
        } else if (report && f->report) {
                f->report(f->userdata, &to, &verdict);
        }
        if (verdict.action == POLICY_REFUSE)
                return refuse(f);
        flow_add(f->flows, key, now_ms)->generation = f->generation;
        return FILTER_PASS;
}

/* The host's addresses have changed since the flow was allowed: it continues unless it leads to one of
 * them. */
static FilterAction ask_again(Filter *f, Flow *flow, uint64_t now_ms)
{
        const PolicyTarget to = {.address = flow->key.address,
                                 .protocol = (NetProtocol)flow->key.protocol,
                                 .port = flow->key.port};
        PolicyVerdict verdict;
        policy_check(f->policy, &to, now_ms, &verdict);
        if (!flow->inbound && verdict.action == POLICY_REFUSE && verdict.why == WHY_NEVER &&
            verdict.never == NEVER_HOST) {
                if (f->report)
                        f->report(f->userdata, &to, &verdict);
                flow_remove(flow);
                return refuse(f);
        }
        flow->generation = f->generation;
        return FILTER_PASS;
}

static FilterAction from_tcp(Filter *f, uint64_t now_ms)
{
        const Frame *frame = &f->frame;
        const FlowKey key = flow_key(NET_TCP, &frame->dest, frame->dest_port, frame->source_port);
        Flow *flow = flow_find(f->flows, &key, now_ms, 0);
        if ((frame->flags & FRAME_SYN) && !(frame->flags & FRAME_ACK)) {
                /* A repeated SYN belongs to the same connection. */
                if (flow)
                        flow_remove(flow);
                return ask(f, &key, true, now_ms);
        }
        if (!flow)
                return ask(f, &key, false, now_ms);
        FilterAction action = flow->generation == f->generation ? FILTER_PASS : ask_again(f, flow, now_ms);
        if (action == FILTER_PASS && (frame->flags & FRAME_RST))
                flow_remove(flow);
        return action;
}

static FilterAction from_udp(Filter *f, uint64_t now_ms)
{
        const Frame *frame = &f->frame;
        const FlowKey key = flow_key(NET_UDP, &frame->dest, frame->dest_port, frame->source_port);
        Flow *flow = flow_find(f->flows, &key, now_ms, UDP_IDLE_MS);
        if (!flow)
                return ask(f, &key, true, now_ms);
        return flow->generation == f->generation ? FILTER_PASS : ask_again(f, flow, now_ms);
}

static FilterAction from_echo(Filter *f, uint64_t now_ms)
{
        const Frame *frame = &f->frame;
        unsigned family = net_family_index(frame->dest.family);
        /* libslirp itself answers for the gateway. */
        if (net_address_eq(&frame->dest, &net_site.gateway[family]))
                return FILTER_PASS;
        const FlowKey key = flow_key(NET_ICMP, &frame->dest, 0, 0);
        Flow *flow = flow_find(f->flows, &key, now_ms, UDP_IDLE_MS);
        /* libslirp does not pass on echo requests of IPv6: refuse them at once. */
        if (family == 1)
                return refuse(f);
        if (!flow)
                return ask(f, &key, true, now_ms);
        return flow->generation == f->generation ? FILTER_PASS : ask_again(f, flow, now_ms);
}

/* Returns whether this is a message that every kernel sends when a device comes up: it joins multicast groups
 * and looks for routers (ff02::16, ff02::2). It is dropped without a report. */
static bool is_kernel_talk(const uint8_t *bytes, size_t len)
{
        static const uint8_t link_multicast[16] = {0xff, 0x02};
        const uint8_t *dest = bytes + NET_ETHERNET_HEADER + 24;
        return len >= NET_ETHERNET_HEADER + 40 && bytes[12] == 0x86 && bytes[13] == 0xdd &&
               memcmp(dest, link_multicast, 15) == 0;
}

FilterAction filter_from_sandbox(Filter *f, const uint8_t *bytes, size_t len, uint64_t now_ms)
{
        FrameResult r = frame_parse(bytes, len, net_guest_mac, &f->frame);
        if (r != FRAME_OK)
                f->frame = (Frame){0};
        /* libslirp cannot serve frames for kurung's own resolver. */
        if (f->off &&
            !(r == FRAME_OK && f->frame.dest_port == DNS_PORT &&
              net_address_eq(&f->frame.dest, &net_resolver[net_family_index(f->frame.dest.family)])))
                return FILTER_PASS;
        if (r != FRAME_OK) {
                f->dropped[r] += !is_kernel_talk(bytes, len);
                return FILTER_DROP;
        }
        const Frame *frame = &f->frame;
        if (!net_address_eq(&frame->source, &net_guest[net_family_index(frame->source.family)])) {
                f->dropped[FRAME_OK]++;
                return FILTER_DROP;
        }
        switch (frame->protocol) {
        case NET_TCP:
                return from_tcp(f, now_ms);
        case NET_UDP:
                return from_udp(f, now_ms);
        case NET_ICMP:
                return from_echo(f, now_ms);
        }
        return FILTER_DROP;
}

/* Returns whether this reports an unreachable destination, which libslirp forwards from the host's kernel. */
static bool is_unreachable(const uint8_t *bytes, size_t len)
{
        const uint8_t *ip = bytes + NET_ETHERNET_HEADER;
        if (len >= NET_ETHERNET_HEADER + 28 && ip[0] == 0x45 && ip[9] == IPPROTO_ICMP)
                return ip[20] == ICMP_DEST_UNREACH || ip[20] == ICMP_TIME_EXCEEDED;
        if (len >= NET_ETHERNET_HEADER + 48 && ip[0] >> 4 == 6 && ip[6] == IPPROTO_ICMPV6)
                return ip[40] == ICMP6_DST_UNREACH || ip[40] == ICMP6_TIME_EXCEEDED;
        return false;
}

static void add_inbound(Filter *f, const FlowKey *key, uint64_t now_ms)
{
        Flow *flow = flow_add(f->flows, key, now_ms);
        flow->generation = f->generation;
        flow->inbound = 1;
}

FilterAction filter_to_sandbox(Filter *f, const uint8_t *bytes, size_t len, uint64_t now_ms)
{
        const Frame *frame = &f->to_sandbox;
        FrameResult r = frame_parse(bytes, len, NULL, &f->to_sandbox);
        if (r != FRAME_OK)
                f->to_sandbox = (Frame){0};
        if (f->off)
                return FILTER_PASS;
        if (r == FRAME_BAD_PROTOCOL && is_unreachable(bytes, len))
                return FILTER_PASS;
        if (r != FRAME_OK)
                return FILTER_DROP;
        unsigned family = net_family_index(frame->dest.family);
        if (!net_address_eq(&frame->dest, &net_guest[family]))
                return FILTER_DROP;
        const FlowKey key = flow_key(frame->protocol, &frame->source, frame->source_port, frame->dest_port);
        if (frame->protocol == NET_TCP && (frame->flags & (FRAME_SYN | FRAME_ACK)) == FRAME_SYN)
                return FILTER_DROP;
        if (frame->protocol != NET_UDP || flow_find(f->flows, &key, now_ms, UDP_IDLE_MS))
                return FILTER_PASS;
        if (!(f->published[family][frame->dest_port / 8] & (1 << frame->dest_port % 8)))
                return FILTER_DROP;
        add_inbound(f, &key, now_ms);
        return FILTER_PASS;
}

void filter_publish(Filter *f, sa_family_t family, uint16_t port)
{
        f->published[net_family_index(family)][port / 8] |= (uint8_t)(1 << port % 8);
}
