/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wall between the sandbox and libslirp: every frame, both families, both ways. It parses a frame, asks
 * the policy for each new flow, and says what becomes of it. No I/O and no clock of its own.
 */
#pragma once

#include "net/flow.h"
#include "net/frame.h"

typedef enum FilterAction {
        FILTER_DROP,
        FILTER_PASS,    /* to libslirp, or to the sandbox */
        FILTER_ANSWER,  /* refused: Filter.answer goes back to the sandbox */
        FILTER_RESOLVE, /* a datagram for the sandbox's resolver: Filter.frame has it */
} FilterAction;

typedef struct Filter {
        Policy *policy;
        FlowTable *flows;
        uint32_t generation; /* counted up when the host's addresses change */
        /* UDP ports that are published: what comes for them is let in. One bit a port, for each family. */
        uint8_t published[2][65536 / 8];
        uint64_t dropped[FRAME_RESULTS]; /* frames that were none, by reason; FRAME_OK: spoofed source */
        /* A flow was allowed or refused. @name is not the rule's but of the address, NULL: none. */
        void (*report)(void *userdata, const PolicyTarget *to, const PolicyVerdict *verdict);
        void *userdata;
        bool off;      /* tests only: all frames pass */
        bool says_yes; /* tests only: the first look lets every destination pass */

        Frame frame; /* the sandbox's last one; zero: it was none */
        uint8_t answer[FRAME_ANSWER_MAX];
        size_t answer_len;
        Frame to_sandbox; /* libslirp's last one; zero: it was none */
} Filter;

/** filter_from_sandbox - what becomes of a frame of the sandbox. @now_ms: monotonic, never 0. */
FilterAction filter_from_sandbox(Filter *f, const uint8_t *bytes, size_t len, uint64_t now_ms);

/**
 * filter_to_sandbox - what becomes of a frame that libslirp made: FILTER_PASS or FILTER_DROP. Connections
 * that come in by a published port become flows; a datagram that nobody asked for is dropped, as is all that
 * libslirp says of itself (ARP, neighbours, router advertisements).
 */
FilterAction filter_to_sandbox(Filter *f, const uint8_t *bytes, size_t len, uint64_t now_ms);

/** filter_publish - let in what comes for a UDP port of the sandbox. */
void filter_publish(Filter *f, sa_family_t family, uint16_t port);
