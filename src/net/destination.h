/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second check of a destination. The frame filter (net/filter.h) makes the first one, of the frames that
 * the sandbox sends. This one is of libslirp's calls, with the address that the kernel will see: libslirp may
 * reach only the destination of the frame that it is handling, and only if the policy allows it. Each check
 * is effective without the other. Pure.
 */
#pragma once

#include "net/filter.h"

/** The destination of a connection or a datagram. */
typedef struct Destination {
        PolicyTarget named; /* as the sandbox named it: the policy decides about this one */
        NetAddress host;    /* as the kernel gets it: the host's loopback, if the gateway was named */
} Destination;

/**
 * destination_check - return whether libslirp may reach an address.
 *
 * @f: for its policy, and for the flows that arrived at a published port.
 * @frame: the sandbox's frame that libslirp is handling; NULL: none, so that nothing may be reached.
 * @is_stream: libslirp is about to connect; otherwise to send a datagram.
 * @host, @port: the address that it is about to reach.
 * @ret, @ret_verdict: always filled; the verdict is POLICY_RESOLVE for the sandbox's resolver.
 *
 * A datagram may be allowed although the verdict is a refusal, if it continues an allowed flow: an answer to
 * an arrived one, or a flow by a name that has expired.
 */
bool destination_check(const Filter *f, const Frame *frame, bool is_stream, const NetAddress *host,
                       uint16_t port, uint64_t now_ms, Destination *ret, PolicyVerdict *ret_verdict);
