/* SPDX-License-Identifier: Apache-2.0 */
/* Monotonic time, for deadlines. */
#pragma once

#include <stdint.h>
#include <time.h>

/** clock_us - return CLOCK_MONOTONIC in microseconds. */
static inline uint64_t clock_us(void)
{
        struct timespec t;
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/** clock_sooner - return the earlier of two timeouts of poll(2); -1 never expires. */
static inline int clock_sooner(int a, int b)
{
        return a < 0 || (b >= 0 && b < a) ? b : a;
}

/** clock_until - return the milliseconds from now until @us of clock_us(), for poll(2): 0 if it has passed,
 * -1 if @us is 0, which means never. */
static inline int clock_until(uint64_t us)
{
        if (us == 0)
                return -1;
        uint64_t now = clock_us();
        return now >= us ? 0 : (int)((us - now) / 1000 + 1);
}
