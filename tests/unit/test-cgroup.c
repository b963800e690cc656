/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written to control groups and read from them: in a directory of the test's, with files where the
 * kernel would have its own.
 */
#include "unit.h"

#include "base/io.h"
#include "mech/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char base[64];

static const char *below(const char *name)
{
        static char paths[8][200];
        static size_t n;
        char *path = paths[n++ % ARRAY_LEN(paths)];
        (void)snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
        return path;
}

static void put(const char *name, const char *text)
{
        CLEANUP_FD int fd = open(below(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
}

static void has(const char *name, const char *text)
{
        CLEANUP_FREE char *got = NULL;
        assert_int_equal(io_read_file_at(AT_FDCWD, below(name), 4096, &got, NULL), 0);
        assert_string_equal(got, text);
}

static void has_pid(const char *name, pid_t pid)
{
        char text[16];
        (void)snprintf(text, sizeof(text), "%d", (int)pid);
        has(name, text);
}

static bool exists(const char *name)
{
        return access(below(name), F_OK) == 0;
}

static int make_base(void **state)
{
        (void)state;
        (void)snprintf(base, sizeof(base), "%s/kurung-unit.XXXXXX",
                       getenv("TMPDIR") ? getenv("TMPDIR") : "/var/tmp");
        return mkdtemp(base) ? 0 : -1;
}

static int remove_base(void **state)
{
        (void)state;
        return io_remove_tree_at(AT_FDCWD, base);
}

/* OUTER with its two groups, and in each the files that are written. */
static Cgroup make_groups(const PlanResources *resources)
{
        static const char *const dirs[] = {"outer", "outer/payload", "outer/helpers"};
        static const char *const files[] = {"cgroup.procs", "cgroup.subtree_control", "memory.max",
                                            "cpu.weight"};
        char path[100];
        for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
                assert_int_equal(mkdir(below(dirs[i]), 0755), 0);
                for (size_t k = 0; k < ARRAY_LEN(files); k++) {
                        (void)snprintf(path, sizeof(path), "%s/%s", dirs[i], files[k]);
                        put(path, "");
                }
        }
        put("cgroup.subtree_control", "");
        put("outer/payload/memory.events", "low 0\nhigh 3\nmax 2\noom 1\noom_kill 7\n");
        Cgroup cg = CGROUP_NOTHING;
        cg.outer = open(below("outer"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (resources->cgroup == CGROUP_DELEGATED)
                cg.base = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return cg;
}

static PlanLimit memory_limit = {.key = KEY_MEMORY_MAX,
                                 .file = "memory.max",
                                 .value = (char[]){"1000"},
                                 .asked = true,
                                 .origin = (char[]){"--memory"}};

static int fill(const PlanResources *resources, Cgroup *cg, pid_t helper, StrList *notices, Error *err)
{
        *cg = make_groups(resources);
        return cgroup_fill(cg, resources, 1234567, helper, notices, err);
}

static void a_scope_gets_limits_and_processes(void **state)
{
        PlanLimit limits[] = {
                memory_limit,
                {.key = KEY_CPU_WEIGHT, .file = "cpu.weight", .value = (char[]){"50"}, .outer = true}};
        const PlanResources resources = {
                .cgroup = CGROUP_SCOPE, .limits = limits, .n_limits = ARRAY_LEN(limits)};
        CLEANUP_STRLIST StrList notices = {0};
        CLEANUP(cgroup_clear) Cgroup cg = CGROUP_NOTHING;
        Error err = {0};
        (void)state;
        assert_int_equal(fill(&resources, &cg, 0, &notices, &err), 0);
        has("outer/payload/memory.max", "1000");
        has("outer/payload/cgroup.procs", "1234567");
        has_pid("outer/helpers/cgroup.procs", getpid());
        has("outer/cgroup.subtree_control", "+memory +pids +cpu +io");
        /* The share is systemd's, and what holds the scope is not ours. */
        has("outer/cpu.weight", "");
        has("cgroup.subtree_control", "");
        assert_int_equal(notices.n, 0);
        CLEANUP_FREE char *path = cgroup_payload_path(&cg);
        assert_string_equal(path, below("outer/payload"));
}

/* The kernel's file would not have them any more: here the last one stands in the file. */
static void what_else_is_in_a_scope_goes_to_the_helpers(void **state)
{
        PlanLimit limits[] = {memory_limit};
        const PlanResources resources = {.cgroup = CGROUP_SCOPE, .limits = limits, .n_limits = 1};
        CLEANUP_STRLIST StrList notices = {0};
        CLEANUP(cgroup_clear) Cgroup cg = make_groups(&resources);
        Error err = {0};
        (void)state;
        put("outer/cgroup.procs", "3111111\n3222222\n");
        assert_int_equal(cgroup_fill(&cg, &resources, 1234567, 0, &notices, &err), 0);
        has("outer/helpers/cgroup.procs", "3222222");
        has("outer/payload/cgroup.procs", "1234567");
}

static void a_delegated_group_gets_its_share_too(void **state)
{
        PlanLimit limits[] = {
                {.key = KEY_CPU_WEIGHT, .file = "cpu.weight", .value = (char[]){"50"}, .outer = true}};
        const PlanResources resources = {
                .cgroup = CGROUP_DELEGATED, .limits = limits, .n_limits = ARRAY_LEN(limits)};
        CLEANUP_STRLIST StrList notices = {0};
        CLEANUP(cgroup_clear) Cgroup cg = CGROUP_NOTHING;
        Error err = {0};
        (void)state;
        assert_int_equal(fill(&resources, &cg, 7654321, &notices, &err), 0);
        has("outer/cpu.weight", "50");
        has("outer/payload/cpu.weight", "");
        has("cgroup.subtree_control", "+memory +pids +cpu +io");
        /* We are not in the way of it, the helper is. */
        has("outer/helpers/cgroup.procs", "7654321");
}

static void a_limit_that_cannot_be_written(void **state)
{
        PlanLimit limits[] = {memory_limit};
        const PlanResources resources = {.cgroup = CGROUP_SCOPE, .limits = limits, .n_limits = 1};
        CLEANUP_STRLIST StrList notices = {0};
        CLEANUP(cgroup_clear) Cgroup cg = CGROUP_NOTHING, again = CGROUP_NOTHING;
        Error err = {0};
        (void)state;
        limits[0].file = "memory.none";
        assert_int_equal(fill(&resources, &cg, 0, &notices, &err), -ENOENT);
        assert_string_equal(err.text,
                            "--memory: cannot write \"1000\" to 'memory.none': No such file or directory");
        assert_int_equal(notices.n, 0);
        limits[0].asked = false;
        err = (Error){0};
        again.outer = open(below("outer"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(cgroup_fill(&again, &resources, 1, 0, &notices, &err), 0);
        assert_int_equal(notices.n, 1);
        assert_string_equal(notices.items[0], "MemoryMax is not enforced: No such file or directory");
}

static bool add_until_two(pid_t pid, void *userdata)
{
        int *sum = userdata;
        *sum += (int)pid;
        return pid != 2;
}

static void use_is_read(void **state)
{
        const PlanResources resources = {.cgroup = CGROUP_SCOPE};
        CLEANUP(cgroup_clear) Cgroup cg = CGROUP_NOTHING, none = CGROUP_NOTHING;
        CgroupUse use;
        CLEANUP_STRLIST StrList notices = {0};
        Error err = {0};
        int sum = 0;
        (void)state;
        assert_int_equal(fill(&resources, &cg, 0, &notices, &err), 0);
        put("outer/payload/memory.peak", "4096\n");
        put("outer/payload/cpu.stat",
            "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_throttled 4\nthrottled_usec 5\n");
        put("outer/payload/pids.events", "max 6\n");
        put("outer/payload/io.stat",
            "8:16 rbytes=1 wbytes=2 rios=3 wios=4\n253:0 nothing\n254:1 rbytes=5 wbytes=6 rios=0\n");
        put("outer/payload/cgroup.procs", "1\n2\n3\n");
        cgroup_read_use(&cg, &use);
        assert_int_equal(use.memory_peak, 4096);
        assert_true(use.swap_peak == UINT64_MAX && use.tasks_peak == UINT64_MAX);
        assert_int_equal(use.cpu_us, 30);
        assert_int_equal(use.cpu_user_us, 20);
        assert_int_equal(use.cpu_system_us, 10);
        assert_int_equal(use.throttled_n, 4);
        assert_int_equal(use.throttled_us, 5);
        assert_int_equal(use.tasks_refused, 6);
        assert_int_equal(use.memory.high, 3);
        assert_int_equal(use.memory.oom_kill, 7);
        assert_int_equal(use.n_disks, 2);
        assert_true(use.disks[1].major == 254 && use.disks[1].minor == 1);
        assert_true(use.disks[1].read_bytes == 5 && use.disks[1].write_bytes == 6);
        cgroup_each_process(&cg, add_until_two, &sum);
        assert_int_equal(sum, 3);
        cgroup_read_use(&none, &use);
        assert_true(use.memory_peak == UINT64_MAX && use.cpu_us == UINT64_MAX &&
                    use.memory.oom == UINT64_MAX);
        assert_int_equal(use.n_disks, 0);
}

static void groups_of_killed_runs_are_removed(void **state)
{
        static const char *const dirs[] = {"kurung-dead", "kurung-dead/payload", "kurung-dead/helpers",
                                           "kurung-alive", "other"};
        const PlanResources resources = {.cgroup = CGROUP_DELEGATED, .cgroup_base = base};
        CLEANUP(cgroup_clear) Cgroup cg = CGROUP_NOTHING, second = CGROUP_NOTHING;
        Error err = {0};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
                assert_int_equal(mkdir(below(dirs[i]), 0755), 0);
        CLEANUP_FD int alive = open(below("kurung-alive"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(flock(alive, LOCK_EX | LOCK_NB), 0);
        assert_int_equal(cgroup_make_outer(&cg, &resources, "mine", &err), 0);
        assert_true(!exists("kurung-dead") && exists("kurung-alive") && exists("other"));
        assert_true(exists("kurung-mine"));
        assert_string_equal(cg.outer_name, "kurung-mine");
        /* It is locked, and so not taken for one of a killed run. */
        assert_int_equal(cgroup_make_outer(&second, &resources, "mine", &err), -EEXIST);
        /* A payload may have made groups of its own. */
        static const char *const made[] = {"kurung-mine/helpers", "kurung-mine/payload",
                                           "kurung-mine/payload/a", "kurung-mine/payload/a/b",
                                           "kurung-mine/payload/c"};
        for (size_t i = 0; i < ARRAY_LEN(made); i++)
                assert_int_equal(mkdir(below(made[i]), 0755), 0);
        cg.payload = open(below("kurung-mine/payload"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cgroup_remove(&cg);
        assert_true(!exists("kurung-mine") && exists("kurung-alive") && exists("other"));
}

static pid_t waiting_child(void)
{
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                /* Not left behind by a test that fails. */
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (;;)
                        (void)pause();
        }
        return pid;
}

/* Before Linux 5.14 there is no cgroup.kill. */
static void processes_in_all_groups_below_are_killed_one_by_one(void **state)
{
        static const char *const groups[] = {"payload", "payload/a", "payload/a/b", "payload/a/b/c",
                                             "payload/d"};
        CLEANUP(cgroup_clear) Cgroup cg = CGROUP_NOTHING;
        pid_t children[ARRAY_LEN(groups)];
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
                char name[64], pid[16];
                assert_int_equal(mkdir(below(groups[i]), 0755), 0);
                children[i] = waiting_child();
                (void)snprintf(name, sizeof(name), "%s/cgroup.procs", groups[i]);
                (void)snprintf(pid, sizeof(pid), "%d\n", (int)children[i]);
                put(name, pid);
        }
        put("payload/cgroup.freeze", "");
        cg.payload = open(below("payload"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cgroup_kill(&cg);
        for (size_t i = 0; i < ARRAY_LEN(children); i++) {
                int status = 0;
                if (waitpid(children[i], &status, WNOHANG) == 0)
                        (void)kill(children[i], SIGTERM);
                if (status == 0)
                        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
                assert_true(WIFSIGNALED(status));
                assert_int_equal(WTERMSIG(status), SIGKILL);
        }
        has("payload/cgroup.freeze", "0");
}

/* The path comes from a record that a user may write. */
static void only_a_control_group_is_opened_by_path(void **state)
{
        CLEANUP(cgroup_clear) Cgroup cg = CGROUP_NOTHING, proc = CGROUP_NOTHING;
        (void)state;
        assert_int_equal(mkdir(below("payload"), 0755), 0);
        assert_int_equal(cgroup_open_payload(&cg, below("payload")), -EINVAL);
        assert_int_equal(cg.payload, FD_NONE);
        assert_int_equal(cgroup_open_payload(&proc, "/sys/fs/cgroup/../../kernel"), -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_base, remove_base)
        const struct CMUnitTest tests[] = {
                TEST(a_scope_gets_limits_and_processes),
                TEST(a_delegated_group_gets_its_share_too),
                TEST(what_else_is_in_a_scope_goes_to_the_helpers),
                TEST(a_limit_that_cannot_be_written),
                TEST(use_is_read),
                TEST(groups_of_killed_runs_are_removed),
                TEST(processes_in_all_groups_below_are_killed_one_by_one),
                TEST(only_a_control_group_is_opened_by_path),
        };
        return RUN_TESTS(tests);
}
