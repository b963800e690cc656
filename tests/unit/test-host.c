/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "plan/host.h"

#include <pwd.h>
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
        assert_true(h.n_mounts > 0);
        bool usr = false;
        for (size_t i = 0; i < h.n_top; i++) {
                usr = usr || str_eq(h.top[i].name, "usr");
                if (i > 0)
                        assert_true(strcmp(h.top[i - 1].name, h.top[i].name) < 0);
        }
        assert_true(usr);
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
                cmocka_unit_test(this_machine_is_probed),
        };
        return RUN_TESTS(tests);
}
