/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token bucket in debt: a frame may go while the bucket is not empty, and what it takes too much is waited
 * for before the next one. Small frames (acknowledgements, name look-ups, new connections) go ahead of a
 * debt that bulk made, up to a bound: so they never wait behind it, and still count. Pure.
 */
#pragma once

#include "base/util.h"

/** Frames up to this many bytes are small. */
#define SHAPER_SMALL 320

typedef struct Shaper {
        uint64_t rate;   /* bytes a second; 0: no limit */
        int64_t tokens;  /* bytes */
        uint64_t fed_ns; /* when it was last filled up */
} Shaper;

/** shaper_init - full. @rate: bytes a second, 0: no limit. */
void shaper_init(Shaper *s, uint64_t rate, uint64_t now_ns);

/** shaper_take - whether a frame of @len bytes may go now; it is counted then. */
bool shaper_take(Shaper *s, size_t len, uint64_t now_ns);

/** shaper_wait_ns - how long until a large frame may go; 0: now. */
uint64_t shaper_wait_ns(Shaper *s, uint64_t now_ns);

/** shaper_mtu - frames that a limit can be kept with, as every one is whole: some 20 ms' worth. */
uint32_t shaper_mtu(uint64_t rate_up, uint64_t rate_down, uint32_t largest);
