/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/io.h"
#include "base/path.h"
#include "base/process.h"
#include "cmd/doctor_checks.h"
#include "plan/host.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void mounts_are_parsed(void **state)
{
        HostMount *m = NULL;
        size_t n = 0;
        const char *text =
                "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                "23 22 0:5 / /with\\040space ro,nosuid master:2 propagate_from:1 - tmpfs none rw,size=4k\n"
                "24 22 0:6 /sub /a\\134b rw - fuse.sshfs host: rw\n";
        (void)state;
        assert_int_equal(host_parse_mountinfo(text, &m, &n), 0);
        assert_int_equal(n, 3);
        assert_string_equal(m[0].target, "/");
        assert_false(m[0].read_only);
        assert_string_equal(m[1].target, "/with space");
        assert_true(m[1].read_only);
        assert_string_equal(m[1].fstype, "tmpfs");
        assert_string_equal(m[2].target, "/a\\b");
        assert_string_equal(m[2].root, "/sub");
        host_free_mounts(m, n);
}

static void malformed_mounts_are_refused_whole(void **state)
{
        static const char *const bad[] = {
                "x",
                "22 1 8:1 / / rw - \n",
                "22 1 8:1 / / rw shared:1\n",
                "22 1 8 / / rw - ext4 x rw\n",
                "a 1 8:1 / / rw - ext4 x rw\n",
                "22 1 8:1 / relative rw - ext4 x rw\n",
                "22 1 8:1 / /\\04 rw - ext4 x rw\n",
                "22 1 8:1 / /\\000 rw - ext4 x rw\n",
                "\n",
                "22 1 8:1 / / rw - ext4 x rw\n\n",
                "22 1 8:1 / / rw - ext4 x rw\n23 22\n",
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                HostMount *m = NULL;
                size_t n = 77;
                assert_int_equal(host_parse_mountinfo(bad[i], &m, &n), -EINVAL);
                assert_null(m);
                assert_int_equal(n, 77);
        }
}

static void ranges_by_name_and_by_uid_add_up(void **state)
{
        SubRanges r;
        (void)state;
        assert_int_equal(host_parse_subid("alice:100000:65536\nbob:1:1\n1001:300000:10\nalice:400000:5\n",
                                          "alice", 1001, &r),
                         0);
        assert_int_equal(r.n, 3);
        assert_int_equal(r.items[0].start, 100000);
        assert_int_equal(r.items[0].count, 65536);
        assert_int_equal(r.items[1].start, 300000);
        assert_int_equal(r.items[2].count, 5);
}

static void what_shadow_passes_over_is_passed_over(void **state)
{
        SubRanges r;
        const char *text = "# "
                           "comment\n\nalice\nalice:1\nalice:x:1\nalice:1:x\nalice:1:0\nalice:4294967295:"
                           "2\nalice:1:1:1\n"
                           "alice:-5:9\nalic:1:9\nalicee:1:9\n10011:1:9\nalice:4294967296:1\nalice:7:9";
        (void)state;
        assert_int_equal(host_parse_subid(text, "alice", 1001, &r), 0);
        assert_int_equal(r.n, 1);
        assert_int_equal(r.items[0].start, 7);
        assert_int_equal(host_parse_subid("", NULL, 1001, &r), 0);
        assert_int_equal(r.n, 0);
}

static void never_more_ranges_than_there_is_room_for(void **state)
{
        SubRanges r;
        char text[200 * 10 + 1] = "";
        (void)state;
        for (int i = 0; i < 100; i++)
                (void)strcat(text, "a:1:1\n");
        assert_int_equal(host_parse_subid(text, "a", 1, &r), 0);
        assert_int_equal(r.n, HOST_RANGES_MAX);
}

static void this_machine_is_probed(void **state)
{
        CLEANUP(host_clear) Host h = {0};
        Error err = {0};
        (void)state;
        assert_int_equal(host_probe(&h, &err), 0);
        assert_int_equal(h.uid, getuid());
        assert_true(h.kernel_major >= 3);
        assert_null(host_missing_call(&h));
        assert_true(h.n_mounts > 0);
        bool usr = false;
        for (size_t i = 0; i < h.n_top; i++) {
                usr = usr || str_eq(h.top[i].name, "usr");
                if (i > 0)
                        assert_true(strcmp(h.top[i - 1].name, h.top[i].name) < 0);
        }
        assert_true(usr);
}

static char made_up[64];

static void write_below(const char *path, const char *text)
{
        char full[200];
        (void)snprintf(full, sizeof(full), "%s/%s", made_up, path);
        CLEANUP_FREE char *above = path_parent(full);
        assert_int_equal(io_mkdir_p(above, 0700), 0);
        CLEANUP_FD int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
}

static void probe_made_up(Host *ret)
{
        Error err = {0};
        CLEANUP_FD int root = open(made_up, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(root >= 0);
        if (host_probe_at(root, ret, &err) < 0)
                fail_msg("%s", err.text);
}

static void the_kernel_is_asked_and_its_version_only_told(void **state)
{
        (void)state;
        for (int loaded = 0; loaded < 2; loaded++) {
                CLEANUP(host_clear) Host h = {0}, here = {0};
                Error err = {0};
                write_below("proc/self/mountinfo", "");
                write_below("proc/sys/kernel/osrelease", "4.18.0-553.el8.x86_64\n");
                write_below("proc/filesystems", loaded ? "nodev\ttmpfs\nnodev\toverlay\n" : "nodev\ttmpfs\n");
                probe_made_up(&h);
                assert_int_equal(host_probe(&here, &err), 0);
                assert_int_equal(h.kernel_major, 4);
                assert_int_equal(h.kernel_minor, 18);
                assert_int_equal(h.has_clone3, here.has_clone3);
                assert_int_equal(h.has_openat2, here.has_openat2);
                assert_int_equal(h.has_mount_setattr, here.has_mount_setattr);
                assert_int_equal(h.tmpfs_user_xattrs, here.tmpfs_user_xattrs);
                assert_int_equal(h.kernel_overlay, here.has_mount_setattr && loaded);
        }
        CLEANUP(host_clear) Host h = {0};
        write_below("sys/module/overlay/refcnt", "0\n");
        probe_made_up(&h);
        assert_int_equal(h.kernel_overlay, h.has_mount_setattr);
}

static void a_missing_call_is_named(void **state)
{
        Host h = {.has_clone3 = true, .has_openat2 = true, .has_mount_setattr = true};
        (void)state;
        assert_null(host_missing_call(&h));
        h.has_mount_setattr = false;
        assert_string_equal(host_missing_call(&h), "mount_setattr");
        h.has_openat2 = false;
        assert_string_equal(host_missing_call(&h), "openat2");
        h.has_clone3 = false;
        assert_string_equal(host_missing_call(&h), "clone3");
}

static int make_up(void **state)
{
        (void)state;
        (void)snprintf(made_up, sizeof(made_up), "/var/tmp/kurung-unit.XXXXXX");
        return mkdtemp(made_up) ? 0 : -1;
}

static int remove_made_up(void **state)
{
        (void)state;
        return io_remove_tree_at(AT_FDCWD, made_up);
}

static void the_account_is_that_of_the_password_file(void **state)
{
        CLEANUP(host_clear) Host h = {0};
        Error err = {0};
        const struct passwd *pw = getpwuid(getuid());
        (void)state;
        assert_int_equal(host_probe_user(&h, &err), 0);
        if (!pw) {
                assert_null(h.user);
                return;
        }
        assert_string_equal(h.user, pw->pw_name);
        assert_string_equal(h.shell, pw->pw_shell[0] == '/' ? pw->pw_shell : "/bin/sh");
        assert_true(strlist_has(&h.homes, pw->pw_dir) || pw->pw_dir[0] != '/');
}

static void facts_that_no_part_of_the_plan_needs_are_not_probed(void **state)
{
        char line[64];
        CLEANUP_FD int root = FD_NONE;
        (void)state;
        write_below("proc/self/mountinfo", "");
        write_below("usr/bin/newuidmap", "");
        write_below("dev/net/tun", "");
        (void)snprintf(line, sizeof(line), "%u:100000:65536\n", getuid());
        write_below("etc/subuid", line);
        char program[200];
        (void)snprintf(program, sizeof(program), "%s/usr/bin/newuidmap", made_up);
        assert_int_equal(chmod(program, 0700), 0);
        root = open(made_up, O_PATH | O_DIRECTORY | O_CLOEXEC);
        for (unsigned facts = 0; facts <= HOST_FACTS_ALL; facts++) {
                CLEANUP(host_clear) Host h = {0};
                Error err = {0};
                assert_int_equal(host_probe_user(&h, &err), 0);
                assert_int_equal(host_probe_machine(root, &h, facts, &err), 0);
                assert_int_equal(h.subuids.n, facts & HOST_FACT_IDS ? 1 : 0);
                assert_int_equal(h.newuidmap != NULL, (facts & HOST_FACT_IDS) != 0);
                /* HOST_DEVICE_OK is 0. */
                assert_int_equal(h.tun_device, HOST_DEVICE_OK);
        }
}

static void a_home_is_a_directory(void **state)
{
        static const char *const none[] = {NULL, "", "relative", "/dev/null", "/nonexistent/home"};
        struct passwd *pw = getpwuid(getuid());
        CLEANUP_FREE char *before = getenv("HOME") ? strdup(getenv("HOME")) : NULL;
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(none); i++) {
                CLEANUP_FREE char *home = NULL;
                assert_int_equal(none[i] ? setenv("HOME", none[i], 1) : unsetenv("HOME"), 0);
                assert_int_equal(host_home(&home), 0);
                if (pw && access(pw->pw_dir, F_OK) == 0)
                        assert_string_equal(home, pw->pw_dir);
                else
                        assert_null(home);
        }
        CLEANUP_FREE char *clean = NULL;
        assert_int_equal(setenv("HOME", "//usr/./lib/../", 1), 0);
        assert_int_equal(host_home(&clean), 0);
        assert_string_equal(clean, "/usr");
        assert_int_equal(before ? setenv("HOME", before, 1) : unsetenv("HOME"), 0);
}

static void ranges_that_the_namespace_has_not_are_left_out(void **state)
{
        const SubRanges all = {.items = {{100000, 65536}, {300000, 10}, {5, 1}}, .n = 3};
        SubRanges r = all;
        (void)state;
        assert_false(host_keep_mapped("         0          0 4294967295\n", &r));
        assert_int_equal(r.n, 3);
        assert_true(host_keep_mapped("0 1001 1\n1 100000 165535\n300005 1 10\n", &r));
        assert_int_equal(r.n, 2);
        assert_int_equal(r.items[0].start, 100000);
        assert_int_equal(r.items[1].start, 5);
        assert_true(host_keep_mapped("1001 1001 1\n", &r));
        assert_int_equal(r.n, 0);
        r = all;
        assert_true(host_keep_mapped("nonsense", &r));
        assert_int_equal(r.n, 0);
}

/* Two programs do not replace each other's profile. */
static void the_profile_of_apparmor_has_the_name_of_the_program(void **state)
{
        Host h = {.userns = HOST_USERNS_APPARMOR};
        DoctorFinding f = {0};
        char self[200], name[200], expected[512];
        (void)state;
        if (process_program(self, sizeof(self)) < 0)
                skip();
        (void)snprintf(name, sizeof(name), "%s", self + 1);
        for (char *p = name; (p = strchr(p, '/'));)
                *p = '.';
        doctor_check_userns(&h, &f);
        assert_int_equal(f.level, DOCTOR_FAIL);
        (void)snprintf(expected, sizeof(expected), "profile %s %s flags=(unconfined)", name, self);
        assert_non_null(strstr(f.remedy, expected));
        (void)snprintf(expected, sizeof(expected), " && sudo apparmor_parser -r /etc/apparmor.d/%s", name);
        assert_string_equal(f.remedy + strlen(f.remedy) - strlen(expected), expected);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(mounts_are_parsed),
                cmocka_unit_test(malformed_mounts_are_refused_whole),
                cmocka_unit_test(ranges_by_name_and_by_uid_add_up),
                cmocka_unit_test(what_shadow_passes_over_is_passed_over),
                cmocka_unit_test(never_more_ranges_than_there_is_room_for),
                cmocka_unit_test(ranges_that_the_namespace_has_not_are_left_out),
                cmocka_unit_test(a_home_is_a_directory),
                cmocka_unit_test(the_account_is_that_of_the_password_file),
                cmocka_unit_test_setup_teardown(facts_that_no_part_of_the_plan_needs_are_not_probed, make_up,
                                                remove_made_up),
                cmocka_unit_test(this_machine_is_probed),
                cmocka_unit_test_setup_teardown(the_kernel_is_asked_and_its_version_only_told, make_up,
                                                remove_made_up),
                cmocka_unit_test(a_missing_call_is_named),
                cmocka_unit_test(the_profile_of_apparmor_has_the_name_of_the_program),
        };
        return RUN_TESTS(tests);
}
