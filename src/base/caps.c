/* SPDX-License-Identifier: Apache-2.0 */
/* Sets the capability sets of a process. */
#include "base/caps.h"

#include <linux/securebits.h>
#include <sys/capability.h>
#include <sys/prctl.h>

/* Drops all capabilities outside @mask from the bounding set. No exec can regain them (capabilities(7),
 * "Capability bounding set"). */
static int bound(uint64_t mask, Error *err)
{
        for (cap_value_t cap = 0; cap < 64; cap++) {
                if (((mask >> cap) & 1) || cap_drop_bound(cap) == 0)
                        continue;
                if (errno == EINVAL && cap_get_bound(cap) < 0)
                        break; /* beyond the kernel's last */
                return error_set_errno(err, errno, "cannot drop capability %d from the bounding set",
                                       (int)cap);
        }
        return 0;
}

static void caps_freep(cap_t *caps)
{
        (void)cap_free(*caps);
}

static int set_flags(cap_t caps, cap_flag_t set, uint64_t mask, Error *err)
{
        for (cap_value_t cap = 0; cap < 64; cap++)
                if (((mask >> cap) & 1) && cap_set_flag(caps, set, 1, &cap, CAP_SET) < 0)
                        return error_set_errno(err, errno, "invalid capability %d", (int)cap);
        return 0;
}

static int set_process(cap_t caps, Error *err)
{
        return cap_set_proc(caps) < 0 ? error_set_errno(err, errno, "cannot set the capabilities") : 0;
}

static int set_sets(uint64_t permitted, uint64_t effective, uint64_t inheritable, Error *err)
{
        CLEANUP(caps_freep) cap_t caps = cap_init();
        if (!caps)
                return error_no_memory(err);
        int r = set_flags(caps, CAP_PERMITTED, permitted, err);
        if (r == 0)
                r = set_flags(caps, CAP_EFFECTIVE, effective, err);
        if (r == 0)
                r = set_flags(caps, CAP_INHERITABLE, inheritable, err);
        return r < 0 ? r : set_process(caps, err);
}

/* Sets the inheritable set. This must precede the shrinking of the bounding set: a capability outside of that
 * cannot become inheritable (capset(2)). @ret_permitted: the permitted set. */
static int inherit(uint64_t inheritable, uint64_t *ret_permitted, Error *err)
{
        CLEANUP(caps_freep) cap_t caps = cap_get_proc();
        if (!caps)
                return error_set_errno(err, errno, "cannot read the capabilities");
        for (cap_value_t cap = 0; cap < 64; cap++) {
                cap_flag_value_t held = CAP_CLEAR;
                if (cap_get_flag(caps, cap, CAP_PERMITTED, &held) == 0 && held == CAP_SET)
                        *ret_permitted |= UINT64_C(1) << cap;
        }
        (void)cap_clear_flag(caps, CAP_INHERITABLE);
        int r = set_flags(caps, CAP_INHERITABLE, inheritable, err);
        return r < 0 ? r : set_process(caps, err);
}

static int set_ambient(uint64_t mask, Error *err)
{
        /* cap_reset_ambient(3) asks for each one first, which would take most of the time of this function.
         */
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return error_set_errno(err, errno, "cannot clear the ambient capabilities");
        for (cap_value_t cap = 0; cap < 64; cap++)
                if (((mask >> cap) & 1) && cap_set_ambient(cap, CAP_SET) < 0)
                        return error_set_errno(err, errno, "cannot make capability %d ambient", (int)cap);
        return 0;
}

uint64_t caps_of_kernel(void)
{
        unsigned n = (unsigned)cap_max_bits();
        return n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
}

int caps_effective(uint64_t *ret, Error *err)
{
        CLEANUP(caps_freep) cap_t caps = cap_get_proc();
        uint64_t set = 0;
        if (!caps)
                return error_set_errno(err, errno, "cannot read the capabilities");
        for (cap_value_t cap = 0; cap < 64; cap++) {
                cap_flag_value_t held = CAP_CLEAR;
                if (cap_get_flag(caps, cap, CAP_EFFECTIVE, &held) == 0 && held == CAP_SET)
                        set |= UINT64_C(1) << cap;
        }
        *ret = set;
        return 0;
}

int caps_apply(const CapabilitySets *sets, uint64_t until_exec, bool root_rules, Error *err)
{
        const unsigned long locked =
                SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED;
        uint64_t held = 0;
        /* CAP_SETPCAP is needed for these, so they come first. */
        int r = inherit(sets->inheritable, &held, err);
        if (r == 0)
                r = bound(sets->bounding, err);
        if (r == 0 && !root_rules && prctl(PR_SET_SECUREBITS, locked) < 0)
                r = error_set_errno(err, errno, "cannot set the securebits");
        until_exec &= held;
        if (r == 0)
                r = set_sets(sets->permitted | until_exec, sets->effective | until_exec, sets->inheritable,
                             err);
        return r < 0 ? r : set_ambient(sets->ambient, err);
}

int caps_keep_only(uint64_t mask, Error *err)
{
        int r = set_sets(mask, mask, 0, err);
        return r < 0 ? r : set_ambient(0, err);
}

int caps_pass_on(uint64_t mask, Error *err)
{
        int r = bound(mask, err);
        if (r == 0)
                r = set_sets(mask, mask, mask, err);
        return r < 0 ? r : set_ambient(mask, err);
}
