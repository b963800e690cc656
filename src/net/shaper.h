/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token bucket with debt: a frame may go while the bucket is not empty, and the next frame waits until the
 * debt is paid. Small frames (acknowledgements, name look-ups, new connections) overtake a debt of bulk data,
 * up to a limit: so they do not wait for it, but still count. Pure.
 */
#pragma once

#include "base/util.h"

/** Maximum size of a small frame in bytes. */
#define SHAPER_SMALL 320

typedef struct Shaper {
        uint64_t rate;   /* bytes per second; 0: no limit */
        int64_t tokens;  /* bytes */
        uint64_t fed_ns; /* time of the last refill */
} Shaper;

/** shaper_init - start with a full bucket. @rate: bytes per second; 0: no limit. */
void shaper_init(Shaper *s, uint64_t rate, uint64_t now_ns);

/** shaper_take - return whether a frame of @len bytes may go now; if so, count it. */
bool shaper_take(Shaper *s, size_t len, uint64_t now_ns);

/** shaper_wait_ns - return the time until a large frame may go; 0: now. */
uint64_t shaper_wait_ns(Shaper *s, uint64_t now_ns);

/** shaper_limit_timeout - lower *@timeout_ms of poll(2) (-1: no limit) to a wait, rounded up. */
void shaper_limit_timeout(int *timeout_ms, uint64_t wait_ns);

/** shaper_mtu - return the size of frames with which a limit can be kept, because frames are not split: about
 * 20 ms' worth. */
uint32_t shaper_mtu(uint64_t rate_up, uint64_t rate_down, uint32_t largest);
