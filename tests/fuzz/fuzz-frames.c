/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: frames of a sandbox, in their order, through the filter. What passes is a frame of the
 * sandbox's own address and no fragment, and leads to no forbidden address but the gateway's echo; what is
 * answered has an answer that fits.
 */
#include "frames.h"
#include "net/filter.h"

static Filter *filter;
static uint64_t now = 1;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
        if (!holds)
                abort();
}

static void one(const uint8_t *frame, size_t len)
{
        FilterAction action = filter_from_sandbox(filter, frame, len, now += 10);
        (void)filter_to_sandbox(filter, frame, len, now);
        if (action == FILTER_ANSWER)
                check(filter->answer_len >= 54 && filter->answer_len <= FRAME_ANSWER_MAX);
        if (action != FILTER_PASS && action != FILTER_RESOLVE)
                return;
        const Frame *f = &filter->frame;
        unsigned v6 = net_family_index(f->source.family);
        check(len == f->packet_len + 14 && net_address_eq(&f->source, &net_guest[v6]));
        check(v6 || !(frame[20] & 0x3f || frame[21]));
        check(f->payload >= f->packet && f->payload + f->payload_len == frame + len);
        if (action == FILTER_RESOLVE)
                check(net_address_eq(&f->dest, &net_resolver[v6]) && f->dest_port == 53);
        else if (f->protocol == NET_ICMP && net_address_eq(&f->dest, &net_gateway[v6]))
                return;
        else if (!net_address_eq(&f->dest, &net_resolver[v6]) || f->dest_port != 53)
                check(!fuzz_is_forbidden(&f->dest));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        filter = calloc(1, sizeof(*filter));
        check(filter && (filter->policy = policy_new(&net_site)) && (filter->flows = flow_table_new(1)));
        fuzz_set_host(filter->policy);
        fuzz_frames(data, size, one);
        policy_free(filter->policy);
        flow_table_free(filter->flows);
        free(filter);
        return 0;
}
