/* SPDX-License-Identifier: Apache-2.0 */
/* Sets the capability sets of a process. */
#include "base/caps.h"

#include <linux/securebits.h>
#include <sys/capability.h>
#include <sys/prctl.h>

/* A set that is gone from here on can't be had again by any exec (capabilities(7), "Capability bounding
 * set"). */
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

static int set_sets(uint64_t mask, bool inheritable, Error *err)
{
        CLEANUP(caps_freep) cap_t caps = cap_init();
        if (!caps)
                return error_no_memory(err);
        for (cap_value_t cap = 0; cap < 64; cap++) {
                if (!((mask >> cap) & 1))
                        continue;
                if (cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_SET) < 0 ||
                    cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET) < 0 ||
                    (inheritable && cap_set_flag(caps, CAP_INHERITABLE, 1, &cap, CAP_SET) < 0))
                        return error_set_errno(err, errno, "invalid capability %d", (int)cap);
        }
        if (cap_set_proc(caps) < 0)
                return error_set_errno(err, errno, "cannot set the capabilities");
        return 0;
}

static int set_ambient(uint64_t mask, Error *err)
{
        /* cap_reset_ambient(3) asks for each one first, which is most of what leaving privileges would cost.
         */
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return error_set_errno(err, errno, "cannot clear the ambient capabilities");
        for (cap_value_t cap = 0; cap < 64; cap++)
                if (((mask >> cap) & 1) && cap_set_ambient(cap, CAP_SET) < 0)
                        return error_set_errno(err, errno, "cannot make capability %d ambient", (int)cap);
        return 0;
}

int caps_apply(uint64_t mask, bool root, Error *err)
{
        const unsigned long locked =
                SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED;
        /* CAP_SETPCAP is needed for both, so these come first. */
        int r = bound(mask, err);
        if (r == 0 && !root && prctl(PR_SET_SECUREBITS, locked) < 0)
                r = error_set_errno(err, errno, "cannot set the securebits");
        /* Root inside gets none to inherit: programs with file capabilities would gain them (CVE-2022-24769).
         */
        if (r == 0)
                r = set_sets(mask, !root, err);
        if (r == 0)
                r = set_ambient(root ? 0 : mask, err);
        return r;
}

int caps_keep_only(uint64_t mask, Error *err)
{
        int r = set_sets(mask, false, err);
        return r < 0 ? r : set_ambient(0, err);
}

int caps_pass_on(uint64_t mask, Error *err)
{
        int r = bound(mask, err);
        if (r == 0)
                r = set_sets(mask, true, err);
        return r < 0 ? r : set_ambient(mask, err);
}
