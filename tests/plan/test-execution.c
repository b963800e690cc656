/* SPDX-License-Identifier: Apache-2.0 */
/* How a command is executed where no key says it: what is refused, what the plan has of it, and the filters
 * that are read from descriptors. */
#include "plans.h"

#include "base/process.h"
#include "mech/rlimits.h"
#include "mech/seccomp.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>

#define ITEMS(type, ...)                                                                                     \
        (type[]){__VA_ARGS__}, sizeof((type[]){__VA_ARGS__}) / sizeof(type) /* for a pointer and a number */
#define KILL (UINT64_C(1) << CAP_KILL)
#define CHOWN (UINT64_C(1) << CAP_CHOWN)
#define SETUID (UINT64_C(1) << CAP_SETUID)

/* A spec with what is asked of the execution; what it points to is not its own. */
static void begin(Spec *spec, const SpecExecution *execution)
{
        SpecOp root = {.kind = OP_BIND,
                       .dest = (char[]){"/"},
                       .source = (char[]){"/"},
                       .source_kind = FS_SOURCE_PATH,
                       .flags = OP_RECURSIVE | OP_RDONLY};
        assert_int_equal(spec_init(spec), 0);
        spec->ops_in_order = true;
        assert_int_equal(spec_add_op(spec, &root), 0);
        assert_int_equal(strlist_add(&spec->argv, "/bin/busybox"), 0);
        assert_int_equal(strlist_add(&spec->argv, "-c"), 0);
        spec->execution = *execution;
}

static void end(Spec *spec)
{
        spec->execution = (SpecExecution){0};
        spec_clear(spec);
}

static int plan_of(const SpecExecution *execution, IdMapMode id_map, bool no_new_privileges, Plan *ret,
                   Error *err)
{
        Spec spec = {0};
        begin(&spec, execution);
        spec.id_map = id_map;
        spec.no_new_privileges = no_new_privileges;
        int r = plan_make(&spec, &desktop, NULL, NULL, ret, err);
        end(&spec);
        return r;
}

static void says(int got, int errnum, const Error *err, const char *text)
{
        assert_int_equal(got, -errnum);
        if (!strstr(err->text, text) || strchr(err->text, '\n'))
                fail_msg("'%s' does not say '%s'", err->text, text);
}

static void what_contradicts_itself_is_refused(void **state)
{
        const struct {
                SpecExecution execution;
                const char *text;
        } cases[] = {
                {{.kept_fds = ITEMS(int, 2)}, "cannot keep descriptor 2"},
                {{.kept_fds = ITEMS(int, 7, 8, 7)}, "cannot keep descriptor 7 twice"},
                {{.filter_fds = ITEMS(int, 9)}, "descriptor 9"},
                {{.has_capability_sets = true, .capability_sets = {.effective = KILL}}, "effective"},
                {{.has_capability_sets = true, .capability_sets = {.permitted = KILL, .ambient = KILL}},
                 "ambient"},
                {{.has_capability_sets = true, .capability_sets = {.inheritable = KILL, .ambient = KILL}},
                 "ambient"},
                {{.rlimits = ITEMS(SpecRlimit, {RLIMIT_NOFILE, 11, 10})}, "'nofile' is above"},
                {{.rlimits = ITEMS(SpecRlimit, {RLIMIT_CPU, RLIM_INFINITY, 10})}, "'cpu' is above"},
                {{.rlimits = ITEMS(SpecRlimit, {RLIM_NLIMITS, 1, 1})}, "16 is no resource"},
                {{.rlimits = ITEMS(SpecRlimit, {-1, 1, 1})}, "-1 is no resource"},
                {{.rlimits = ITEMS(SpecRlimit, {RLIMIT_AS, 1, 1}, {RLIMIT_AS, 1, 1})}, "'as' has two"},
                {{.has_umask = true, .umask = 01000}, "umask 01000"},
                {{.has_oom_score_adj = true, .oom_score_adj = 1001}, "1001"},
                {{.has_oom_score_adj = true, .oom_score_adj = -1001}, "-1001"},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                SpecExecution execution = cases[i].execution;
                Error err = {0};
                execution.as_given = true;
                says(spec_execution_check(&execution, &err), EINVAL, &err, cases[i].text);
        }
}

static void what_is_at_the_edge_is_not(void **state)
{
        const SpecExecution execution = {
                .as_given = true,
                .kept_fds = ITEMS(int, 3, 1023),
                .filters_given = true,
                .has_capability_sets = true,
                .capability_sets = {.permitted = KILL | CHOWN,
                                    .effective = CHOWN,
                                    .inheritable = KILL | SETUID,
                                    .ambient = KILL},
                .rlimits = ITEMS(SpecRlimit, {RLIM_NLIMITS - 1, 10, 10}, {RLIMIT_CPU, 0, RLIM_INFINITY}),
                .has_umask = true,
                .umask = 0777,
                .has_oom_score_adj = true,
                .oom_score_adj = -1000,
        };
        Error err = {0};
        (void)state;
        assert_int_equal(spec_execution_check(&execution, &err), 0);
        for (int i = 0; i < RLIM_NLIMITS; i++)
                assert_non_null(spec_rlimit_name(i));
        assert_string_equal(spec_rlimit_name(RLIMIT_NPROC), "nproc");
}

static void what_exec_could_not_repeat_takes_a_sandbox_in_no_list(void **state)
{
        const struct {
                SpecExecution execution;
                const char *text;
        } cases[] = {
                {{.filters_given = true}, "filter"},
                {{.has_capability_sets = true}, "capability sets"},
                {{.rlimits = ITEMS(SpecRlimit, {RLIMIT_AS, 1, 1})}, "limits"},
                {{.groups = ITEMS(gid_t, 5)}, "groups"},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                Error err = {0};
                says(spec_execution_check(&cases[i].execution, &err), EINVAL, &err, cases[i].text);
        }
}

static void new_privileges_take_given_filters(void **state)
{
        CLEANUP(plan_clear) Plan plan = {0};
        const SpecExecution own = {.as_given = true}, given = {.as_given = true, .filters_given = true};
        Error err = {0};
        (void)state;
        says(plan_of(&own, ID_MAP_SINGLE, false, &plan, &err), EINVAL, &err, "NoNewPrivileges=");
        assert_int_equal(plan_of(&given, ID_MAP_SINGLE, false, &plan, &err), 0);
        assert_false(plan.privileges.no_new_privileges);
}

static void all_of_it_is_in_the_plan(void **state)
{
        CLEANUP(plan_clear) Plan plan = {0};
        const SpecExecution execution = {
                .as_given = true,
                .kept_fds = ITEMS(int, 9, 7),
                .filters_given = true,
                .filter_fds = ITEMS(int, 10, 11),
                .has_capability_sets = true,
                .capability_sets = {.permitted = KILL | CHOWN,
                                    .effective = CHOWN,
                                    .inheritable = KILL | SETUID,
                                    .bounding = SETUID,
                                    .ambient = KILL},
                .rlimits = ITEMS(SpecRlimit, {RLIMIT_NOFILE, 64, RLIM_INFINITY}, {RLIMIT_NPROC, 5, 6}),
                .has_umask = true,
                .umask = 027,
                .groups = ITEMS(gid_t, 5, 1000),
                .has_oom_score_adj = true,
                .oom_score_adj = -7,
                .argv0 = (char[]){"sh"},
        };
        Error err = {0};
        (void)state;
        if (plan_of(&execution, ID_MAP_SUBID, true, &plan, &err) < 0)
                fail_msg("%s", err.text);
        plan_is_golden(&plan, "execution");
        json_is_golden(&plan, "execution");
        assert_true(rlimits_is_given(&plan.resources, RLIMIT_NPROC));
        assert_false(rlimits_is_given(&plan.resources, RLIMIT_CORE));
}

/* Of a host without control groups, where other means have to hold the limits. */
static void plan_weakly(const SpecExecution *execution, Plan *ret)
{
        Spec spec = {0};
        Host host = desktop;
        Error err = {0};
        host.limits = (HostLimits){.memory = host.limits.memory, .tasks = host.limits.tasks};
        host.live_home = (char[]){"/run/user/1000/kurung"};
        begin(&spec, execution);
        spec.id_map = ID_MAP_SINGLE;
        spec.tasks_max = (SpecLimit){.unit = LIMIT_AMOUNT, .value = 100, .installed = true};
        spec.memory_max = (SpecLimit){.unit = LIMIT_AMOUNT, .value = 1 << 30, .installed = true};
        int r = plan_make(&spec, &host, NULL, NULL, ret, &err);
        end(&spec);
        if (r < 0)
                fail_msg("%s", err.text);
}

static void what_is_given_stands_in_the_place_of_kurungs_own(void **state)
{
        CLEANUP(plan_clear) Plan own = {0};
        CLEANUP(plan_clear) Plan given = {0};
        const SpecExecution none = {0};
        const SpecExecution some = {.as_given = true,
                                    .rlimits = ITEMS(SpecRlimit, {RLIMIT_NPROC, 5, 6}),
                                    .has_oom_score_adj = true};
        (void)state;
        plan_weakly(&none, &own);
        plan_weakly(&some, &given);
        assert_true(own.resources.first_to_die);
        assert_false(given.resources.first_to_die);
        assert_int_equal(own.resources.weak_tasks_max, 100);
        assert_int_equal(given.resources.weak_tasks_max, 0);
        /* And it is in no list. */
        assert_non_null(own.storage.live_dir);
        assert_null(given.storage.live_dir);
}

/* 0: it has the limits that it is to have. */
static int limited(const PlanResources *resources, rlim_t expected)
{
        struct rlimit now;
        Error err = {0};
        if (rlimits_apply(resources, &err) < 0 || getrlimit(RLIMIT_FSIZE, &now) < 0)
                return 1;
        return now.rlim_cur == expected && now.rlim_max == expected ? 0 : 2;
}

static int limited_in_child(const PlanResources *resources, rlim_t expected)
{
        int pidfd, status;
        pid_t pid = process_clone(0, &pidfd);
        if (pid == 0)
                _exit(limited(resources, expected));
        assert_true(pid > 0);
        assert_int_equal(process_wait(pidfd, &status), 0);
        fd_close(pidfd);
        return process_exit_code(status);
}

static void the_limit_of_files_is_the_given_one(void **state)
{
        SpecRlimit given = {RLIMIT_FSIZE, 5000, 5000};
        const PlanResources own = {.disk_max = 1000};
        const PlanResources both = {.disk_max = 1000, .rlimits = &given, .n_rlimits = 1};
        (void)state;
        assert_int_equal(limited_in_child(&own, 1000), 0);
        assert_int_equal(limited_in_child(&both, 5000), 0);
}

static void no_filter_at_all_is_in_the_plan(void **state)
{
        CLEANUP(plan_clear) Plan plan = {0};
        const SpecExecution execution = {.as_given = true, .filters_given = true};
        Error err = {0};
        (void)state;
        assert_int_equal(plan_of(&execution, ID_MAP_SINGLE, true, &plan, &err), 0);
        CLEANUP_FREE char *lines = plan_lines(&plan);
        assert_non_null(strstr(lines, "\nseccomp none\n"));
}

static void groups_take_a_map_that_has_them(void **state)
{
        CLEANUP(plan_clear) Plan plan = {0};
        const SpecExecution inside = {.as_given = true, .groups = ITEMS(gid_t, 5)};
        const SpecExecution outside = {.as_given = true, .groups = ITEMS(gid_t, 5, 70000)};
        Error err = {0};
        (void)state;
        says(plan_of(&inside, ID_MAP_SINGLE, true, &plan, &err), ENOTSUP, &err, "setgroups(2)");
        err = (Error){0};
        says(plan_of(&outside, ID_MAP_SUBID, true, &plan, &err), EINVAL, &err, "group 70000");
        assert_int_equal(plan_of(&inside, ID_MAP_SUBID, true, &plan, &err), 0);
        assert_int_equal(plan.identity.n_groups, 1);
}

static void sets_are(const CapabilitySets *got, uint64_t all, uint64_t inherited)
{
        assert_int_equal(got->permitted, all);
        assert_int_equal(got->effective, all);
        assert_int_equal(got->bounding, all);
        assert_int_equal(got->inheritable, inherited);
        assert_int_equal(got->ambient, inherited);
}

static void sets_that_are_not_given_follow_from_the_ids(void **state)
{
        PlanPrivileges user = {0}, root = {0};
        (void)state;
        plan_set_capabilities(&user, KILL | CHOWN, 1000);
        plan_set_capabilities(&root, KILL | CHOWN, 0);
        sets_are(&user.capability_sets, KILL | CHOWN, KILL | CHOWN);
        sets_are(&root.capability_sets, KILL | CHOWN, 0);
        assert_int_equal(user.capabilities, KILL | CHOWN);
}

/* A set-user-ID program could gain what is bounded, where no_new_privs does not forbid it. */
static void a_payload_that_could_change_its_id_is_in_a_namespace_of_its_own(void **state)
{
        CLEANUP(plan_clear) Plan plain = {0};
        CLEANUP(plan_clear) Plan bounded = {0};
        const SpecExecution none = {.as_given = true, .has_capability_sets = true};
        const SpecExecution some = {
                .as_given = true, .has_capability_sets = true, .capability_sets = {.bounding = SETUID}};
        Error err = {0};
        (void)state;
        assert_int_equal(plan_of(&none, ID_MAP_SUBID, true, &plain, &err), 0);
        assert_int_equal(plan_of(&some, ID_MAP_SUBID, true, &bounded, &err), 0);
        assert_false(plain.identity.payload_userns);
        assert_true(bounded.identity.payload_userns);
        assert_int_equal(bounded.privileges.capabilities, 0);
}

/* They are the caller's, and closed by then. */
static void copies_have_no_descriptors(void **state)
{
        CLEANUP(plan_clear) Plan plan = {0};
        CLEANUP(plan_privileges_clear) PlanPrivileges privileges = {0};
        CLEANUP(plan_payload_clear) PlanPayload payload = {0};
        CLEANUP(plan_identity_clear) PlanIdentity identity = {0};
        const SpecExecution execution = {.as_given = true,
                                         .kept_fds = ITEMS(int, 7),
                                         .filters_given = true,
                                         .filter_fds = ITEMS(int, 8),
                                         .groups = ITEMS(gid_t, 5)};
        Error err = {0};
        (void)state;
        assert_int_equal(plan_of(&execution, ID_MAP_SUBID, true, &plan, &err), 0);
        assert_int_equal(plan_privileges_copy(&plan.privileges, &privileges), 0);
        assert_int_equal(plan_payload_copy(&plan.payload, &payload), 0);
        assert_int_equal(plan_identity_copy(&plan.identity, &identity), 0);
        assert_false(privileges.filters_given);
        assert_null(privileges.filter_fds);
        assert_int_equal(payload.n_kept_fds, 0);
        assert_null(identity.groups);
        assert_int_equal(identity.n_groups, 0);
}

/* Given filters */

static int file_of(const void *bytes, size_t size)
{
        int fd = memfd_create("filter", MFD_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, size), size);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        return fd;
}

static int prepare_of(int *fds, size_t n, SeccompFilter *ret, Error *err)
{
        const PlanPrivileges privileges = {.filters_given = true, .filter_fds = fds, .n_filter_fds = n};
        return seccomp_prepare(&privileges, "/nowhere", ret, err);
}

static void filters_are_read_whole_and_in_order(void **state)
{
        CLEANUP(seccomp_filter_clear) SeccompFilter filter = {0};
        static struct sock_filter most[BPF_MAXINSNS];
        const struct sock_filter one = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        int ends[2];
        Error err = {0};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(most); i++)
                most[i] = (struct sock_filter){.k = (uint32_t)i};
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], &one, sizeof(one)), sizeof(one));
        close(ends[1]);
        int fds[] = {ends[0], file_of(most, sizeof(most))};
        assert_int_equal(prepare_of(fds, 2, &filter, &err), 0);
        assert_int_equal(filter.n, 2);
        assert_int_equal(filter.programs[0].n, 1);
        assert_memory_equal(filter.programs[0].items, &one, sizeof(one));
        assert_int_equal(filter.programs[1].n, BPF_MAXINSNS);
        assert_memory_equal(filter.programs[1].items, most, sizeof(most));
        assert_string_equal(filter.key, "");
        close(fds[0]);
        close(fds[1]);
}

static void other_content_is_refused(void **state)
{
        static const char bytes[(BPF_MAXINSNS + 1) * 8];
        const size_t sizes[] = {0, 7, 9, sizeof(bytes), sizeof(bytes) - 7};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
                CLEANUP(seccomp_filter_clear) SeccompFilter filter = {0};
                Error err = {0};
                int fds[] = {file_of(bytes, 8), file_of(bytes, sizes[i])};
                says(prepare_of(fds, 2, &filter, &err), EINVAL, &err, "1 to 4096 instructions of 8 bytes");
                assert_int_equal(filter.n, 0);
                close(fds[0]);
                close(fds[1]);
        }
}

static void a_closed_descriptor_is_named(void **state)
{
        CLEANUP(seccomp_filter_clear) SeccompFilter filter = {0};
        int fds[] = {1000};
        Error err = {0};
        (void)state;
        says(prepare_of(fds, 1, &filter, &err), EBADF, &err, "descriptor 1000");
}

/* 0: it was refused as it should be. */
static int apply_unprivileged(void)
{
        struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        SeccompProgram program = {&all, 1};
        const SeccompFilter filter = {.programs = &program, .n = 1}, none = {0};
        Error err = {0};
        if (seccomp_apply(&filter, &err) < 0) /* here CAP_SYS_ADMIN is there */
                return 1;
        if (caps_keep_only(0, &err) < 0 || seccomp_apply(&none, &err) < 0)
                return 2;
        if (seccomp_apply(&filter, &err) != -EACCES)
                return 3;
        return strstr(err.text, "no_new_privs") && strstr(err.text, "CAP_SYS_ADMIN") ? 0 : 4;
}

static void without_privilege_and_no_new_privs_none_is_loaded(void **state)
{
        int pidfd, status;
        (void)state;
        pid_t pid = process_clone(CLONE_NEWUSER, &pidfd);
        if (pid == 0)
                _exit(apply_unprivileged());
        assert_true(pid > 0);
        assert_int_equal(process_wait(pidfd, &status), 0);
        fd_close(pidfd);
        assert_int_equal(process_exit_code(status), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_contradicts_itself_is_refused),
                cmocka_unit_test(what_is_at_the_edge_is_not),
                cmocka_unit_test(what_exec_could_not_repeat_takes_a_sandbox_in_no_list),
                cmocka_unit_test(new_privileges_take_given_filters),
                cmocka_unit_test(all_of_it_is_in_the_plan),
                cmocka_unit_test(what_is_given_stands_in_the_place_of_kurungs_own),
                cmocka_unit_test(the_limit_of_files_is_the_given_one),
                cmocka_unit_test(no_filter_at_all_is_in_the_plan),
                cmocka_unit_test(groups_take_a_map_that_has_them),
                cmocka_unit_test(sets_that_are_not_given_follow_from_the_ids),
                cmocka_unit_test(a_payload_that_could_change_its_id_is_in_a_namespace_of_its_own),
                cmocka_unit_test(copies_have_no_descriptors),
                cmocka_unit_test(filters_are_read_whole_and_in_order),
                cmocka_unit_test(other_content_is_refused),
                cmocka_unit_test(a_closed_descriptor_is_named),
                cmocka_unit_test(without_privilege_and_no_new_privs_none_is_loaded),
        };
        return RUN_TESTS(tests);
}
