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

/* For a user all five are the same. */
static const CapabilitySets none, kill_alone = {KILL, KILL, KILL, KILL, KILL};

static int user_without(void)
{
        Error err = {0};
        if (caps_apply(&none, 0, false, &err) < 0)
                return 1;
        if (bounded() != 0 || has(CAP_PERMITTED, CAP_SYS_ADMIN) || has(CAP_EFFECTIVE, CAP_CHOWN))
                return 2;
        int bits = prctl(PR_GET_SECUREBITS);
        return (bits & SECBIT_NOROOT) && (bits & SECBIT_NOROOT_LOCKED) ? 0 : 3;
}

static int user_with(void)
{
        Error err = {0};
        if (caps_apply(&kill_alone, 0, false, &err) < 0)
                return 1;
        return bounded() == 1 && has(CAP_PERMITTED, CAP_KILL) && cap_get_ambient(CAP_KILL) == 1 &&
                               !has(CAP_PERMITTED, CAP_CHOWN)
                       ? 0
                       : 2;
}

static int root_inside(void)
{
        const CapabilitySets sets = {.permitted = KILL, .effective = KILL, .bounding = KILL};
        Error err = {0};
        if (caps_apply(&sets, 0, true, &err) < 0)
                return 1;
        if (bounded() != 1 || !has(CAP_EFFECTIVE, CAP_KILL) || has(CAP_INHERITABLE, CAP_KILL) ||
            cap_get_ambient(CAP_KILL) != 0)
                return 2;
        return prctl(PR_GET_SECUREBITS) & SECBIT_NOROOT ? 3 : 0;
}

#define CHOWN (UINT64_C(1) << CAP_CHOWN)
#define FOWNER (UINT64_C(1) << CAP_FOWNER)
#define ADMIN (UINT64_C(1) << CAP_SYS_ADMIN)

/* Each set has what no other one has, as far as the kernel lets it; what is inheritable is not bounded. */
static int each_set(void)
{
        const CapabilitySets sets = {.permitted = KILL | CHOWN | FOWNER,
                                     .effective = CHOWN,
                                     .inheritable = KILL | ADMIN,
                                     .bounding = FOWNER,
                                     .ambient = KILL};
        Error err = {0};
        if (caps_apply(&sets, 0, true, &err) < 0)
                return 1;
        if (!has(CAP_PERMITTED, CAP_KILL) || !has(CAP_PERMITTED, CAP_CHOWN) ||
            !has(CAP_PERMITTED, CAP_FOWNER) || has(CAP_PERMITTED, CAP_SYS_ADMIN))
                return 2;
        if (has(CAP_EFFECTIVE, CAP_KILL) || !has(CAP_EFFECTIVE, CAP_CHOWN) || has(CAP_EFFECTIVE, CAP_FOWNER))
                return 3;
        if (!has(CAP_INHERITABLE, CAP_KILL) || !has(CAP_INHERITABLE, CAP_SYS_ADMIN) ||
            has(CAP_INHERITABLE, CAP_CHOWN))
                return 4;
        if (bounded() != 1 || cap_get_bound(CAP_FOWNER) != 1)
                return 5;
        if (cap_get_ambient(CAP_KILL) != 1 || cap_get_ambient(CAP_SYS_ADMIN) != 0)
                return 6;
        return prctl(PR_GET_SECUREBITS) == 0 ? 0 : 7;
}

/* What stays until exec is gone after it. */
static int until_exec(void)
{
        Error err = {0};
        if (caps_apply(&kill_alone, ADMIN, false, &err) < 0 || !has(CAP_EFFECTIVE, CAP_SYS_ADMIN) ||
            cap_get_bound(CAP_SYS_ADMIN) != 0)
                return 1;
        (void)execl("/bin/sh", "sh", "-c",
                    "test \"$(grep ^Cap /proc/self/status | sort -u -k2 | tr -d '[:space:]')\" = "
                    "CapInh:0000000000000020",
                    (char *)NULL);
        return 3;
}

/* What is not held does not come by it. */
static int until_exec_without(void)
{
        Error err = {0};
        if (caps_keep_only(KILL | UINT64_C(1) << CAP_SETPCAP, &err) < 0 ||
            caps_apply(&kill_alone, ADMIN, false, &err) < 0)
                return 1;
        return has(CAP_EFFECTIVE, CAP_KILL) && !has(CAP_EFFECTIVE, CAP_SYS_ADMIN) ? 0 : 2;
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

static void each_set_is_as_given(void **state)
{
        (void)state;
        assert_int_equal(in_namespace(each_set), 0);
}

static void exec_takes_what_stays_until_then(void **state)
{
        (void)state;
        assert_int_equal(in_namespace(until_exec), 0);
        assert_int_equal(in_namespace(until_exec_without), 0);
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
                cmocka_unit_test(each_set_is_as_given),
                cmocka_unit_test(exec_takes_what_stays_until_then),
                cmocka_unit_test(a_stage_keeps_only_what_is_named),
                cmocka_unit_test(a_helper_gets_exactly_its_set),
        };
        return RUN_TESTS(tests);
}
