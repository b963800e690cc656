/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter between the sandbox and libslirp, for every frame of both families in both directions. It parses
 * a frame, asks the policy about each new flow, and decides about the frame. It has no I/O and no clock.
 */
#pragma once

#include "net/flow.h"
#include "net/frame.h"

typedef enum FilterAction {
        FILTER_DROP,
        FILTER_PASS,    /* to libslirp, or to the sandbox */
        FILTER_ANSWER,  /* refused: send Filter.answer back to the sandbox */
        FILTER_RESOLVE, /* a datagram for the sandbox's resolver: Filter.frame has it */
} FilterAction;

typedef struct Filter {
        Policy *policy;
        FlowTable *flows;
        uint32_t generation; /* increased when the host's addresses change */
        /* Published UDP ports, whose datagrams may enter. One bit per port, for each family. */
        uint8_t published[2][65536 / 8];
        uint64_t dropped[FRAME_RESULTS]; /* invalid frames, by reason; FRAME_OK: forged source */
        /* Called when a flow is allowed or refused. */
        void (*report)(void *userdata, const PolicyTarget *to, const PolicyVerdict *verdict);
        void *userdata;
        bool off;      /* tests only: all frames pass */
        bool says_yes; /* tests only: the first check passes every destination */

        Frame frame; /* the sandbox's last frame; zero: it was invalid */
        uint8_t answer[FRAME_ANSWER_MAX];
        size_t answer_len;
        Frame to_sandbox; /* libslirp's last frame; zero: it was invalid */
} Filter;

/** filter_from_sandbox - decide about a frame of the sandbox. @now_ms: monotonic, never 0. */
FilterAction filter_from_sandbox(Filter *f, const uint8_t *bytes, size_t len, uint64_t now_ms);

/**
 * filter_to_sandbox - decide about a frame of libslirp: FILTER_PASS or FILTER_DROP. Datagrams for a published
 * port become flows; other unsolicited datagrams and new connections are dropped (net/relay.h passes those to
 * published ports on), and so are libslirp's own messages (ARP, neighbours, router advertisements).
 */
FilterAction filter_to_sandbox(Filter *f, const uint8_t *bytes, size_t len, uint64_t now_ms);

/** filter_publish - let datagrams for a UDP port of the sandbox enter. */
void filter_publish(Filter *f, sa_family_t family, uint16_t port);
