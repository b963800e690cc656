/* SPDX-License-Identifier: Apache-2.0 */
/* Limits bandwidth by a token bucket. */
#include "net/shaper.h"

#define NS_PER_S UINT64_C(1000000000)
#define BURST_PER_S 10 /* a full bucket, 100 ms: a loaded machine may not run the helper for this time */
#define BORROW_PER_S 4 /* small frames overtake a debt of at most 250 ms */
#define FRAMES_PER_S 50
#define MTU_MIN 9000 /* below this, larger datagrams would need fragments */
#define RATE_MAX (UINT64_C(1) << 40)

void shaper_init(Shaper *s, uint64_t rate, uint64_t now_ns)
{
        rate = rate > RATE_MAX ? RATE_MAX : rate;
        *s = (Shaper){.rate = rate, .tokens = (int64_t)(rate / BURST_PER_S), .fed_ns = now_ns};
}

static void feed(Shaper *s, uint64_t now_ns)
{
        uint64_t passed = now_ns - s->fed_ns;
        if (passed > NS_PER_S)
                passed = NS_PER_S; /* by then it is full */
        /* In microseconds, keeping the remainder: rates are at most 2^40. */
        uint64_t us = passed / 1000;
        if (us == 0)
                return;
        s->fed_ns = passed == NS_PER_S ? now_ns : s->fed_ns + us * 1000;
        s->tokens += (int64_t)(s->rate * us / 1000000);
        if (s->tokens > (int64_t)(s->rate / BURST_PER_S))
                s->tokens = (int64_t)(s->rate / BURST_PER_S);
}

bool shaper_take(Shaper *s, size_t len, uint64_t now_ns)
{
        if (s->rate == 0)
                return true;
        feed(s, now_ns);
        int64_t least = len <= SHAPER_SMALL ? -(int64_t)(s->rate / BORROW_PER_S) : 0;
        if (s->tokens < least)
                return false;
        s->tokens -= (int64_t)len;
        return true;
}

uint64_t shaper_wait_ns(Shaper *s, uint64_t now_ns)
{
        if (s->rate == 0)
                return 0;
        feed(s, now_ns);
        if (s->tokens >= 0)
                return 0;
        return (uint64_t)-s->tokens * 1000000 / s->rate * 1000 + 1000;
}

void shaper_limit_timeout(int *timeout_ms, uint64_t wait_ns)
{
        int ms = (int)((wait_ns + 999999) / 1000000);
        if (*timeout_ms < 0 || ms < *timeout_ms)
                *timeout_ms = ms;
}

uint32_t shaper_mtu(uint64_t rate_up, uint64_t rate_down, uint32_t largest)
{
        uint64_t rate = rate_up && (!rate_down || rate_up < rate_down) ? rate_up : rate_down;
        uint64_t mtu = rate / FRAMES_PER_S;
        if (rate == 0 || mtu > largest)
                return largest;
        return mtu < MTU_MIN ? MTU_MIN : (uint32_t)mtu;
}
