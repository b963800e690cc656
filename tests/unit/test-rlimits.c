/* SPDX-License-Identifier: Apache-2.0 */
/* The share of what the kernel counts for each user: what is lowered, given back, and refused. */
#include "inside.h"

#include "mech/rlimits.h"

#include <signal.h>
#include <sys/inotify.h>

static const PlanOp root_only[] = {ROOT};

static void look_at_nothing(void)
{
}

static rlim_t soft(__rlimit_resource_t resource)
{
        struct rlimit now;
        assert_int_equal(getrlimit(resource, &now), 0);
        return now.rlim_cur;
}

static void set_soft(__rlimit_resource_t resource, rlim_t value)
{
        struct rlimit now;
        assert_int_equal(getrlimit(resource, &now), 0);
        assert_true(now.rlim_max >= value);
        now.rlim_cur = value;
        assert_int_equal(setrlimit(resource, &now), 0);
}

static void half_is_left_to_the_user(void **state)
{
        static const __rlimit_resource_t halved[] = {RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_MEMLOCK};
        const PlanResources none = {0};
        RlimitsHeld held;
        rlim_t tasks = soft(RLIMIT_NPROC);
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(halved); i++)
                set_soft(halved[i], 1000);
        rlimits_lower(&none, &held);
        for (size_t i = 0; i < ARRAY_LEN(halved); i++)
                assert_int_equal(soft(halved[i]), 500);
        assert_true(soft(RLIMIT_NPROC) == tasks);
        rlimits_restore(&held);
        for (size_t i = 0; i < ARRAY_LEN(halved); i++)
                assert_int_equal(soft(halved[i]), 1000);
}

static void tasks_are_counted_from_those_that_there_are(void **state)
{
        const PlanResources weak = {.weak_tasks_max = 10};
        RlimitsHeld held;
        rlim_t before = soft(RLIMIT_NPROC);
        (void)state;
        rlimits_lower(&weak, &held);
        rlim_t share = soft(RLIMIT_NPROC);
        rlimits_restore(&held);
        assert_true(soft(RLIMIT_NPROC) == before);
        assert_true(share > 10);
        assert_true(share <= before);
}

static void what_is_lower_already_stays(void **state)
{
        const PlanResources weak = {.weak_tasks_max = 10};
        RlimitsHeld held;
        struct rlimit before, low;
        (void)state;
        assert_int_equal(getrlimit(RLIMIT_NPROC, &before), 0);
        low = before;
        low.rlim_cur = 1;
        assert_int_equal(setrlimit(RLIMIT_NPROC, &low), 0);
        rlimits_lower(&weak, &held);
        rlim_t now = soft(RLIMIT_NPROC);
        rlimits_restore(&held);
        assert_int_equal(soft(RLIMIT_NPROC), 1);
        assert_int_equal(now, 1);
        assert_int_equal(setrlimit(RLIMIT_NPROC, &before), 0);
}

/* In a child, as a hard limit stays. Returns the size that a file reached. */
static off_t grow_with(uint64_t disk_max)
{
        static const char text[8192];
        struct stat st;
        int status;
        int file = open(below("grows"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(file >= 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                const PlanResources resources = {.disk_max = disk_max};
                Error err = {0};
                (void)signal(SIGXFSZ, SIG_IGN);
                int r = rlimits_apply(&resources, &err);
                for (size_t at = 0; r == 0 && at < sizeof(text);) {
                        ssize_t n = write(file, text + at, sizeof(text) - at);
                        if (n < 0)
                                break;
                        at += (size_t)n;
                }
                _exit(r < 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_int_equal(fstat(file, &st), 0);
        (void)close(file);
        return st.st_size;
}

static void no_file_is_larger_than_all_may_be(void **state)
{
        (void)state;
        assert_int_equal(grow_with(4096), 4096);
        assert_int_equal(grow_with(0), 8192);
        /* One that is above the limit that there is does not raise it. */
        assert_int_equal(grow_with(UINT64_MAX), 8192);
}

static void use_inotify(void)
{
        const PlanResources resources = {.inotify_instances = 2, .inotify_watches = 3};
        Error err = {0};
        CHECK(rlimits_set_namespace(&resources, &err) == 0);
        int first = inotify_init1(IN_CLOEXEC);
        CHECK(first >= 0 && inotify_init1(IN_CLOEXEC) >= 0);
        CHECK(inotify_init1(IN_CLOEXEC) < 0 && errno == EMFILE);
        CHECK(inotify_add_watch(first, "/", IN_CREATE) > 0);
        CHECK(inotify_add_watch(first, "/proc", IN_CREATE) > 0);
        CHECK(inotify_add_watch(first, base, IN_CREATE) > 0);
        CHECK(inotify_add_watch(first, "/usr", IN_CREATE) < 0 && errno == ENOSPC);
}

static void use_inotify_freely(void)
{
        const PlanResources none = {0};
        Error err = {0};
        CHECK(rlimits_set_namespace(&none, &err) == 0);
        for (int i = 0; i < 3; i++)
                CHECK(inotify_init1(IN_CLOEXEC) >= 0);
}

static void a_namespace_has_its_own_ceilings(void **state)
{
        (void)state;
        INSIDE(root_only, .prepare = use_inotify, .look = look_at_nothing);
        INSIDE(root_only, .prepare = use_inotify_freely, .look = look_at_nothing);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(half_is_left_to_the_user),
                cmocka_unit_test(tasks_are_counted_from_those_that_there_are),
                cmocka_unit_test(what_is_lower_already_stays),
                cmocka_unit_test(no_file_is_larger_than_all_may_be),
                cmocka_unit_test(a_namespace_has_its_own_ceilings),
        };
        return RUN_INSIDE(tests);
}
