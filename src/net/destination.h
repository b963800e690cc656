/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second look at a destination. The first one is the frame filter's (net/filter.h), at what the sandbox
 * sends; this one is at what libslirp makes of it, where the address is the one that the kernel will see.
 * libslirp may reach the destination of the frame that it handles and nothing else, and that only if the
 * policy allows it. Each look holds without the other. Pure.
 */
#pragma once

#include "net/filter.h"

/** Where a connection or a datagram goes. */
typedef struct Destination {
        PolicyTarget named; /* as the sandbox named it: the policy is asked about this */
        NetAddress host;    /* as the kernel is asked: the host's loopback, where the gateway was named */
} Destination;

/**
 * destination_check - whether libslirp may reach an address.
 *
 * @f: for its policy, and for the flows that came in by a published port.
 * @frame: the sandbox's frame that libslirp handles; NULL: none, and nothing may be reached.
 * @is_stream: it is about to connect; else to send a datagram.
 * @host, @port: what it is about to reach.
 * @ret, @ret_verdict: always filled; the verdict is POLICY_RESOLVE for the sandbox's resolver.
 *
 * Returns whether it may. A datagram may although the verdict is a refusal, if it goes on with what was
 * allowed: an answer to who came in, or a flow by a name whose pin is over.
 */
bool destination_check(const Filter *f, const Frame *frame, bool is_stream, const NetAddress *host,
                       uint16_t port, uint64_t now_ms, Destination *ret, PolicyVerdict *ret_verdict);
