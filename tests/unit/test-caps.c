/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities are tried in children, each in a user namespace of its own. */
#include "unit.h"

#include "base/caps.h"
#include "base/process.h"

#include <linux/securebits.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#define KILL (UINT64_C(1) << CAP_KILL)

static int in_namespace(int (*body)(void))
{
        int pidfd, status;
        pid_t pid = process_clone(CLONE_NEWUSER, &pidfd);
        if (pid == 0)
                _exit(body());
        if (pid < 0)
                fail_msg("no user namespace: %s", strerror(-(int)pid));
        assert_int_equal(process_wait(pidfd, &status), 0);
        fd_close(pidfd);
        return process_exit_code(status);
}

static bool has(cap_flag_t set, cap_value_t cap)
{
        cap_flag_value_t value = CAP_CLEAR;
        cap_t caps = cap_get_proc();
        (void)cap_get_flag(caps, cap, set, &value);
        (void)cap_free(caps);
        return value == CAP_SET;
}

static unsigned bounded(void)
{
        unsigned n = 0;
        for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++)
                n += (unsigned)cap_get_bound(cap);
        return n;
}

static int user_without(void)
{
        Error err = {0};
        if (caps_apply(0, false, &err) < 0)
                return 1;
        if (bounded() != 0 || has(CAP_PERMITTED, CAP_SYS_ADMIN) || has(CAP_EFFECTIVE, CAP_CHOWN))
                return 2;
        int bits = prctl(PR_GET_SECUREBITS);
        return (bits & SECBIT_NOROOT) && (bits & SECBIT_NOROOT_LOCKED) ? 0 : 3;
}

static int user_with(void)
{
        Error err = {0};
        if (caps_apply(KILL, false, &err) < 0)
                return 1;
        return bounded() == 1 && has(CAP_PERMITTED, CAP_KILL) && cap_get_ambient(CAP_KILL) == 1 &&
                               !has(CAP_PERMITTED, CAP_CHOWN)
                       ? 0
                       : 2;
}

static int root_inside(void)
{
        Error err = {0};
        if (caps_apply(KILL, true, &err) < 0)
                return 1;
        if (bounded() != 1 || !has(CAP_EFFECTIVE, CAP_KILL) || has(CAP_INHERITABLE, CAP_KILL) ||
            cap_get_ambient(CAP_KILL) != 0)
                return 2;
        return prctl(PR_GET_SECUREBITS) & SECBIT_NOROOT ? 3 : 0;
}

static int keep(void)
{
        Error err = {0};
        if (caps_keep_only(KILL, &err) < 0)
                return 1;
        return has(CAP_EFFECTIVE, CAP_KILL) && !has(CAP_PERMITTED, CAP_SYS_ADMIN) ? 0 : 2;
}

static int pass_on(void)
{
        Error err = {0};
        if (caps_pass_on(KILL, &err) < 0)
                return 1;
        (void)execl("/bin/sh", "sh", "-c", "grep -q '^CapEff:.0000000000000020$' /proc/self/status",
                    (char *)NULL);
        return 3;
}

static void a_user_has_none(void **state)
{
        (void)state;
        assert_int_equal(in_namespace(user_without), 0);
}

static void what_a_user_is_given_outlives_exec(void **state)
{
        (void)state;
        assert_int_equal(in_namespace(user_with), 0);
}

static void root_inside_has_its_set_and_none_to_inherit(void **state)
{
        (void)state;
        assert_int_equal(in_namespace(root_inside), 0);
}

static void a_stage_keeps_only_what_is_named(void **state)
{
        (void)state;
        assert_int_equal(in_namespace(keep), 0);
}

static void a_helper_gets_exactly_its_set(void **state)
{
        (void)state;
        assert_int_equal(in_namespace(pass_on), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_user_has_none),
                cmocka_unit_test(what_a_user_is_given_outlives_exec),
                cmocka_unit_test(root_inside_has_its_set_and_none_to_inherit),
                cmocka_unit_test(a_stage_keeps_only_what_is_named),
                cmocka_unit_test(a_helper_gets_exactly_its_set),
        };
        return RUN_TESTS(tests);
}
