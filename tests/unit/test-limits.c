/* SPDX-License-Identifier: Apache-2.0 */
/* What limits find on machines that are directories. */
#include "unit.h"

#include "base/format.h"
#include "base/io.h"
#include "base/path.h"
#include "plan/host.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

static char tree[] = "/var/tmp/kurung-limits.XXXXXX";
static int root = FD_NONE;
static HostMount v2[] = {
        {.target = (char[]){"/"}, .fstype = (char[]){"ext4"}},
        {.target = (char[]){"/sys/fs/cgroup"}, .fstype = (char[]){"cgroup2"}, .nsdelegate = true}};
static HostMount v1[] = {{.target = (char[]){"/sys/fs/cgroup/memory"}, .fstype = (char[]){"cgroup"}},
                         {.target = (char[]){"/sys/fs/cgroup/unified"}, .fstype = (char[]){"cgroup2"}}};

static void put(const char *path, const char *text)
{
        CLEANUP_FREE char *full = path_join(tree, path);
        CLEANUP_FREE char *parent = path_parent(full);
        assert_int_equal(io_mkdir_p(parent, 0755), 0);
        CLEANUP_FD int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
}

/* A control group as the kernel shows it. */
static void group(const char *path, const char *procs, const char *controllers, const char *enabled)
{
        const struct {
                const char *name, *text;
        } files[] = {{"cgroup.procs", procs},
                     {"cgroup.controllers", controllers},
                     {"cgroup.subtree_control", enabled},
                     {"cgroup.type", "domain\n"}};
        for (size_t i = 0; i < ARRAY_LEN(files); i++) {
                char file[300];
                (void)snprintf(file, sizeof(file), "sys/fs/cgroup%s/%s", path, files[i].name);
                put(file, files[i].text);
        }
}

/* As systemd marks a group that it hands over; false: no such attribute can be set here. */
static bool mark(const char *path)
{
        char full[300];
        (void)snprintf(full, sizeof(full), "%s/sys/fs/cgroup%s", tree, path);
        return setxattr(full, "user.delegate", "1", 1, 0) == 0;
}

static int make_tree(void **state)
{
        (void)state;
        strcpy(tree, "/var/tmp/kurung-limits.XXXXXX");
        if (!mkdtemp(tree))
                return -1;
        root = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
        put("proc/meminfo", "MemTotal:       16384 kB\nMemFree: 1 kB\n");
        put("proc/sys/kernel/pid_max", "32768\n");
        put("proc/sys/kernel/threads-max", "20000\n");
        return setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
}

static int remove_tree(void **state)
{
        (void)state;
        root = fd_close(root);
        return io_remove_tree_at(AT_FDCWD, tree);
}

static Host host_of(HostMount *mounts, size_t n)
{
        return (Host){.uid = getuid(), .mounts = mounts, .n_mounts = n};
}

/* What the probe allocated; the mounts are ours. */
static void forget(Host *h)
{
        h->mounts = NULL;
        h->n_mounts = 0;
        host_clear(h);
}

static void the_version_is_told(void **state)
{
        Host h = host_of(v1, 1);
        (void)state;
        assert_int_equal(host_probe_limits(root, &h, NULL), 0);
        assert_int_equal(h.limits.version, HOST_CGROUP_V1);
        assert_true(h.limits.memory == 16384 * 1024);
        assert_int_equal(h.limits.tasks, 20000);
        h.n_mounts = 2;
        assert_int_equal(host_probe_limits(root, &h, NULL), 0);
        assert_int_equal(h.limits.version, HOST_CGROUP_HYBRID);
        h.n_mounts = 0;
        assert_int_equal(host_probe_limits(root, &h, NULL), 0);
        assert_int_equal(h.limits.version, HOST_CGROUP_ABSENT);
        h.mounts = v2;
        h.n_mounts = 2;
        put("proc/self/cgroup", "0::/user.slice/session\n");
        assert_int_equal(host_probe_limits(root, &h, NULL), 0);
        assert_int_equal(h.limits.version, HOST_CGROUP_V2);
        assert_true(h.limits.nsdelegate);
        assert_string_equal(h.limits.own, "/sys/fs/cgroup/user.slice/session");
        assert_null(h.limits.base);
        assert_null(h.limits.manager);
        forget(&h);
}

static void a_delegated_group_is_used_when_we_are_alone_in_it(void **state)
{
        Host h = host_of(v2, 2);
        char own[16];
        (void)state;
        (void)snprintf(own, sizeof(own), "%d\n", (int)getpid());
        put("proc/self/cgroup", "1:name=systemd:/x\n0::/ci/job\n");
        group("/ci", "", "cpu memory pids\n", "memory\n");
        group("/ci/job", own, "memory\n", "\n");
        put("sys/fs/cgroup/ci/memory.max", "4096\n");
        put("sys/fs/cgroup/ci/job/memory.max", "8192\n");
        assert_int_equal(host_probe_limits(root, &h, NULL), 0);
        assert_null(h.limits.base);
        if (!mark("/ci")) {
                forget(&h);
                skip();
        }
        assert_int_equal(host_probe_limits(root, &h, NULL), 0);
        assert_string_equal(h.limits.base, "/sys/fs/cgroup/ci/job");
        assert_true(h.limits.base_is_own);
        assert_int_equal(h.limits.base_controllers.n, 1);
        assert_true(h.limits.memory == 8192);
        /* With a shell beside us it is the one above, which has groups with limits already. */
        put("sys/fs/cgroup/ci/job/cgroup.procs", "1\n2\n");
        assert_int_equal(host_probe_limits(root, &h, NULL), 0);
        assert_string_equal(h.limits.base, "/sys/fs/cgroup/ci");
        assert_false(h.limits.base_is_own);
        assert_true(h.limits.memory == 4096);
        assert_true(strlist_has(&h.limits.base_controllers, "pids"));
        put("sys/fs/cgroup/ci/cgroup.subtree_control", "\n");
        assert_int_equal(host_probe_limits(root, &h, NULL), 0);
        assert_null(h.limits.base);
        forget(&h);
}

static void the_root_of_a_namespace_is_a_border_too(void **state)
{
        Host h = host_of(v2, 2);
        char own[16];
        (void)state;
        (void)snprintf(own, sizeof(own), "%d\n", (int)getpid());
        put("proc/self/cgroup", "0::/\n");
        group("", own, "cpu memory pids\n", "\n");
        assert_int_equal(host_probe_limits(root, &h, NULL), 0);
        assert_string_equal(h.limits.base, "/sys/fs/cgroup");
        /* The real root has no type. */
        CLEANUP_FREE char *type = path_join(tree, "sys/fs/cgroup/cgroup.type");
        assert_int_equal(unlink(type), 0);
        assert_int_equal(host_probe_limits(root, &h, NULL), 0);
        assert_null(h.limits.base);
        put("proc/self/cgroup", "0::/../outside\n");
        assert_int_equal(host_probe_limits(root, &h, NULL), 0);
        assert_null(h.limits.own);
        forget(&h);
}

static void the_user_manager_is_its_socket(void **state)
{
        Host h = host_of(v2, 2);
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char controllers[200];
        (void)state;
        put("proc/self/cgroup", "0::/x\n");
        put("run/user/1/systemd/private", "no socket");
        (void)snprintf(controllers, sizeof(controllers),
                       "sys/fs/cgroup/user.slice/user-%u.slice/user@%u.service/cgroup.controllers", getuid(),
                       getuid());
        put(controllers, "memory pids\n");
        assert_int_equal(host_probe_limits(root, &h, NULL), 0);
        assert_null(h.limits.manager);
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/user/1/systemd/private", tree);
        assert_int_equal(unlink(address.sun_path), 0);
        CLEANUP_FD int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(host_probe_limits(root, &h, NULL), 0);
        assert_string_equal(h.limits.manager, "/run/user/1/systemd/private");
        assert_int_equal(h.limits.manager_controllers.n, 2);
        forget(&h);
}

static void disks_are_found_or_not(void **state)
{
        static const char *const paths[] = {"/", "/missing", "/dev/null", NULL};
        Host h = host_of(v2, 2);
        (void)state;
        put("proc/self/cgroup", "0::/x\n");
        put("dev/null", "");
        assert_int_equal(host_probe_limits(root, &h, paths), 0);
        assert_int_equal(h.limits.n_disks, 3);
        assert_string_equal(h.limits.disks[0].path, "/");
        assert_int_equal(h.limits.disks[1].errnum, ENOENT);
        forget(&h);
}

static void numbers_for_people(void **state)
{
        static const struct {
                uint64_t n;
                const char *bytes, *time;
        } cases[] = {
                {0, "0B", "0ms"},
                {1023, "1023B", "1ms"},
                {64 << 20, "64M", "1min 7s"},
                {UINT64_C(3) << 29, "1.5G", "26min 50s"},
                {1500000, "1.4M", "1.50s"},
                {2000000, "1.9M", "2s"},
                {UINT64_C(7384000000), "6.8G", "2h 3min"},
                {UINT64_MAX - 1, "15.9E", NULL},
        };
        char out[32];
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                assert_string_equal(format_bytes(cases[i].n, out, sizeof(out)), cases[i].bytes);
                if (cases[i].time)
                        assert_string_equal(format_us(cases[i].n, out, sizeof(out)), cases[i].time);
        }
        assert_string_equal(format_bytes(UINT64_MAX, out, sizeof(out)), "infinity");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_version_is_told, make_tree, remove_tree),
                cmocka_unit_test_setup_teardown(a_delegated_group_is_used_when_we_are_alone_in_it, make_tree,
                                                remove_tree),
                cmocka_unit_test_setup_teardown(the_root_of_a_namespace_is_a_border_too, make_tree,
                                                remove_tree),
                cmocka_unit_test_setup_teardown(the_user_manager_is_its_socket, make_tree, remove_tree),
                cmocka_unit_test_setup_teardown(disks_are_found_or_not, make_tree, remove_tree),
                cmocka_unit_test(numbers_for_people),
        };
        return RUN_TESTS(tests);
}
