/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on the root, kind by kind: what each makes, as seen from inside. */
#include "inside.h"

#include <sys/mount.h>
#include <sys/sysmacros.h>

#define ROOT                                                                                                 \
        {                                                                                                    \
                .kind = OP_TMPFS, .dest = (char[]){"/"}, .has_mode = true, .mode = 0755                      \
        }
#define AT(where)                                                                                            \
        .dest = (char[])                                                                                     \
        {                                                                                                    \
                where                                                                                        \
        }
#define HOST(name) .source_kind = FS_SOURCE_PATH, .source = below(name)
#define MODE(bits) .has_mode = true, .mode = (bits)
#define SAYS(text)                                                                                           \
        .source_kind = FS_SOURCE_TEXT, .source = (char[])                                                    \
        {                                                                                                    \
                text                                                                                         \
        }
#define DATA(text)                                                                                           \
        .source_kind = FS_SOURCE_BYTES, .source = (char[])                                                   \
        {                                                                                                    \
                text                                                                                         \
        }
#define SAFE (ST_NOSUID | ST_NODEV)

static void look_at_directories(void)
{
        CHECK(has_mode("/a/b", 01777));
        CHECK(has_mode("/a", 0755));
        CHECK(has_mode("/", 0755));
}

static void a_directory_has_its_mode(void **state)
{
        (void)state;
        const PlanOp ops[] = {ROOT, {.kind = OP_DIR, AT("/a/b"), MODE(01777)}};
        INSIDE(ops, .look = look_at_directories);
}

static void look_at_links(void)
{
        char text[16] = "";
        CHECK(readlink("/a/link", text, sizeof(text)) == 5);
        CHECK(strcmp(text, "where") == 0);
}

static void a_link_says_what_it_is_told(void **state)
{
        (void)state;
        const PlanOp ops[] = {ROOT,
                              {.kind = OP_SYMLINK, AT("/a/link"), SAYS("where")},
                              {.kind = OP_SYMLINK, AT("/a/link"), SAYS("where")}};
        INSIDE(ops, .look = look_at_links);
        const PlanOp other[] = {ROOT,
                                {.kind = OP_SYMLINK, AT("/link"), SAYS("where")},
                                {.kind = OP_SYMLINK, AT("/link"), SAYS("elsewhere")}};
        INSIDE(other, .fails = "/link exists already and leads to 'where'");
        const PlanOp file[] = {ROOT,
                               {.kind = OP_DIR, AT("/link"), MODE(0755)},
                               {.kind = OP_SYMLINK, AT("/link"), SAYS("where")}};
        INSIDE(file, .fails = "/link exists already and is no symbolic link");
}

static void look_at_binds(void)
{
        CHECK(has_text("/f", "content"));
        CHECK(has_text("/d/inner", "inner"));
        CHECK(has_flags("/f", SAFE | ST_RDONLY));
        CHECK(!can_write("/f", "x") && errno == EROFS);
        CHECK(has_flags("/d", SAFE));
        CHECK(can_write("/d/made", "made"));
        CHECK(has_flags("/noexec", SAFE | ST_NOEXEC));
        CHECK(access("/noexec/inner", X_OK) < 0);
        CHECK(has_flags("/dev-suid", 0));
        CHECK(access("/none", F_OK) < 0 && errno == ENOENT);
}

static void binds_have_their_own_attributes(void **state)
{
        (void)state;
        const PlanOp ops[] = {
                ROOT,
                {.kind = OP_BIND, AT("/f"), HOST("file"), .flags = OP_RDONLY},
                {.kind = OP_BIND, AT("/d"), HOST("dir"), .flags = OP_RECURSIVE},
                {.kind = OP_BIND, AT("/noexec"), HOST("dir"), .flags = OP_NOEXEC},
                {.kind = OP_BIND, AT("/dev-suid"), HOST("dir"), .flags = OP_ALLOW_DEV | OP_ALLOW_SUID},
                {.kind = OP_BIND, AT("/none"), HOST("none"), .flags = OP_OPTIONAL},
        };
        INSIDE(ops, .look = look_at_binds);
        assert_true(has_text(below("dir/made"), "made"));
        assert_int_equal(unlink(below("dir/made")), 0);
        const PlanOp missing[] = {ROOT, {.kind = OP_BIND, AT("/none"), HOST("none")}};
        INSIDE(missing, .fails = "none: No such file");
}

static void mount_below(void)
{
        CHECK(mount("none", below("dir/sub"), "tmpfs", 0, NULL) == 0);
        CHECK(can_write(below("dir/sub/deep"), "deep"));
}

static void look_at_recursion(void)
{
        CHECK(has_text("/all/sub/deep", "deep"));
        CHECK(has_flags("/all/sub", SAFE | ST_RDONLY));
        CHECK(access("/alone/sub/deep", F_OK) < 0);
        CHECK(has_flags("/top", SAFE | ST_RDONLY));
        CHECK(has_flags("/top/sub", 0));
        CHECK(can_write("/top/sub/new", "x"));
}

static void a_bind_is_recursive_or_not(void **state)
{
        (void)state;
        const PlanOp ops[] = {
                ROOT,
                {.kind = OP_BIND, AT("/all"), HOST("dir"), .flags = OP_RDONLY | OP_RECURSIVE},
                {.kind = OP_BIND, AT("/alone"), HOST("dir"), .flags = OP_RDONLY},
                {.kind = OP_BIND, AT("/top"), HOST("dir"), .flags = OP_RDONLY | OP_RECURSIVE | OP_TOP_ONLY},
        };
        INSIDE(ops, .prepare = mount_below, .look = look_at_recursion);
}

static void another_file_in_the_place_of_a_source_is_refused(void **state)
{
        struct stat st;
        (void)state;
        assert_int_equal(stat(below("file"), &st), 0);
        PlanOp ops[] = {ROOT, {.kind = OP_BIND, AT("/f"), HOST("file")}};
        ops[1].source_id = (FileId){.known = true, .dev = st.st_dev, .ino = st.st_ino + 1};
        INSIDE(ops, .fails = "was exchanged");
}

static void look_at_tmpfs(void)
{
        struct statvfs v;
        CHECK(has_mode("/t", 01770));
        CHECK(statvfs("/t", &v) == 0 && v.f_blocks * v.f_frsize == 1 << 20);
        CHECK(has_flags("/t", SAFE));
        CHECK(has_flags("/ro", SAFE | ST_RDONLY));
        CHECK(access("/none", F_OK) < 0);
}

static void a_tmpfs_has_size_and_mode(void **state)
{
        (void)state;
        const PlanOp ops[] = {ROOT,
                              {.kind = OP_TMPFS, AT("/t"), MODE(01770), .size = 1 << 20},
                              {.kind = OP_TMPFS, AT("/ro"), MODE(0755), .flags = OP_RDONLY},
                              {.kind = OP_TMPFS, AT("/none"), MODE(0755), .flags = OP_OPTIONAL}};
        INSIDE(ops, .look = look_at_tmpfs);
}

static void look_at_kernel_file_systems(void)
{
        struct stat st;
        CHECK(has_text("/proc/1/comm", "test-rootfs\n"));
        CHECK(has_flags("/proc", SAFE | ST_NOEXEC));
        CHECK(access("/sys/kernel", F_OK) == 0);
        CHECK(has_flags("/sys", SAFE | ST_NOEXEC | ST_RDONLY));
        CHECK(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
        CHECK(can_write("/dev/null", "x"));
        CHECK(has_mode("/dev/shm", 01777));
        CHECK(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC) >= 0);
        CHECK(!can_write("/dev/new", "x") && errno == EROFS);
        CHECK(symlink("/proc/kcore", "/dev2/core") == 0);
}

static void proc_sys_and_dev(void **state)
{
        (void)state;
        const PlanOp ops[] = {ROOT,
                              {.kind = OP_PROC, AT("/proc")},
                              {.kind = OP_SYSFS, AT("/sys"), .flags = OP_RDONLY},
                              {.kind = OP_DEV, AT("/dev"), .flags = OP_RDONLY},
                              {.kind = OP_DEV, AT("/dev2")}};
        INSIDE(ops, .look = look_at_kernel_file_systems);
}

static void look_at_masks(void)
{
        CHECK(has_text("/d/inner", ""));
        CHECK(access("/d/sub", F_OK) == 0 && rmdir("/d/sub") < 0);
        CHECK(!can_write("/d/sub/x", "x") && errno == EROFS);
        CHECK(inside_told_missing);
}

static void masks_cover_files_and_directories(void **state)
{
        (void)state;
        const PlanOp ops[] = {
                ROOT,
                {.kind = OP_BIND, AT("/d"), HOST("dir")},
                {.kind = OP_MASK, AT("/d/inner")},
                {.kind = OP_MASK, AT("/d/sub")},
                {.kind = OP_MASK, AT("/d/none"), .flags = OP_OPTIONAL | OP_TELL_MISSING},
        };
        INSIDE(ops, .look = look_at_masks);
        const PlanOp missing[] = {ROOT, {.kind = OP_MASK, AT("/none")}};
        INSIDE(missing, .fails = "opening /none");
}

static void look_at_read_only(void)
{
        CHECK(!can_write("/t/f", "x") && errno == EROFS);
        CHECK(!can_write("/t/below/f", "x") && errno == EROFS);
        CHECK(!can_write("/r/f", "x") && errno == EROFS);
        CHECK(can_write("/r/below/f", "x"));
        CHECK(has_flags("/r/below", SAFE));
        CHECK(!can_write("/all/below/f", "x") && errno == EROFS);
        CHECK(has_flags("/keeps", ST_RDONLY));
        CHECK(!can_write("/new", "x") && errno == EROFS);
}

static void read_only_and_remount(void **state)
{
        (void)state;
        const PlanOp ops[] = {
                ROOT,
                {.kind = OP_TMPFS, AT("/t"), MODE(0755)},
                {.kind = OP_TMPFS, AT("/t/below"), MODE(0755)},
                {.kind = OP_READ_ONLY, AT("/t")},
                {.kind = OP_TMPFS, AT("/r"), MODE(0755)},
                {.kind = OP_TMPFS, AT("/r/below"), MODE(0755)},
                {.kind = OP_REMOUNT, AT("/r"), .flags = OP_RDONLY},
                {.kind = OP_TMPFS, AT("/all"), MODE(0755)},
                {.kind = OP_TMPFS, AT("/all/below"), MODE(0755)},
                {.kind = OP_REMOUNT, AT("/all"), .flags = OP_RDONLY | OP_RECURSIVE},
                {.kind = OP_BIND, AT("/keeps"), HOST("dir"), .flags = OP_ALLOW_DEV | OP_ALLOW_SUID},
                {.kind = OP_REMOUNT, AT("/keeps"), .flags = OP_RDONLY | OP_ALLOW_DEV | OP_ALLOW_SUID},
                {.kind = OP_REMOUNT, AT("/"), .flags = OP_RDONLY},
        };
        INSIDE(ops, .look = look_at_read_only);
        const PlanOp none[] = {ROOT, {.kind = OP_DIR, AT("/d"), MODE(0755)}, {.kind = OP_REMOUNT, AT("/d")}};
        INSIDE(none, .fails = "/d");
}

static void look_at_pins(void)
{
        CHECK(rename("/d/sub", "/d/other") < 0 && errno == EBUSY);
        CHECK(has_text("/d/sub/f", "content"));
}

static void a_pinned_directory_stays(void **state)
{
        (void)state;
        const PlanOp ops[] = {ROOT,
                              {.kind = OP_TMPFS, AT("/d"), MODE(0755)},
                              {.kind = OP_PIN, AT("/d/sub")},
                              {.kind = OP_BIND, AT("/d/sub/f"), HOST("file")}};
        INSIDE(ops, .look = look_at_pins);
}

static void look_at_files(void)
{
        CHECK(has_text("/etc/hosts", "127.0.0.1 localhost\n"));
        CHECK(has_flags("/etc/hosts", SAFE | ST_RDONLY));
}

static void a_file_holds_its_bytes(void **state)
{
        (void)state;
        const PlanOp ops[] = {
                ROOT,
                {.kind = OP_TMPFS, AT("/run"), MODE(0755)},
                {.kind = OP_FILE, AT("/etc/hosts"), DATA("127.0.0.1 localhost\n"), .flags = OP_RDONLY}};
        INSIDE(ops, .look = look_at_files);
}

static void look_at_caught_writes(void)
{
        CHECK(has_text("/o/inner", "inner") && has_text("/m/inner", "inner"));
        CHECK(can_write("/o/inner", "changed") && can_write("/m/new", "new"));
        CHECK(unlink("/m/inner") == 0);
        CHECK(can_write("/s/f", "scratch"));
        CHECK(has_flags("/o", SAFE) && has_flags("/m", SAFE) && has_flags("/s", SAFE));
}

static void overlays_catch_writes(void **state)
{
        (void)state;
        const PlanOp ops[] = {
                ROOT,
                {.kind = OP_OVERLAY, AT("/o"), HOST("dir"), .layer = (char[]){"o"}},
                {.kind = OP_OVERLAY, AT("/m"), HOST("dir"), .layer = (char[]){"m"}, .flags = OP_IN_MEMORY},
                {.kind = OP_SCRATCH, AT("/s"), .layer = (char[]){"s"}},
        };
        INSIDE(ops, .look = look_at_caught_writes);
        assert_true(has_text(below("dir/inner"), "inner"));
        assert_true(access(below("dir/new"), F_OK) < 0);
        assert_true(has_text(below("run/upper-o/inner"), "changed"));
        assert_true(has_text(below("run/upper-s/f"), "scratch"));
}

static void what_a_kind_does_not_take_is_refused(void **state)
{
        const FsOp wrong[] = {
                {.kind = OP_BIND, AT("/x")},
                {.kind = OP_BIND, AT("/x"), SAYS("text")},
                {.kind = OP_BIND, AT("x"), HOST("file")},
                {.kind = OP_BIND, AT("/x"), HOST("file"), MODE(0644)},
                {.kind = OP_BIND, AT("/x"), HOST("file"), .flags = OP_NOATIME | OP_STRICTATIME},
                {.kind = OP_BIND, AT("/x"), HOST("file"), .flags = OP_KEPT_HOME},
                {.kind = OP_SYMLINK, AT("/x"), SAYS("text"), .flags = OP_RDONLY},
                {.kind = OP_SYMLINK, AT("/x"), SAYS("text"), .propagation = FS_PROPAGATION_SLAVE},
                {.kind = OP_DIR, AT("/x"), MODE(010000)},
                {.kind = OP_DIR, AT("/x"), .size = 1},
                {.kind = OP_PIN, AT("/x")},
                {.kind = OP_SCRATCH, AT("/x")},
                {.kind = OP_FUSE, AT("/x"), HOST("dir")},
        };
        const FsOp right[] = {
                {.kind = OP_BIND,
                 AT("/x"),
                 HOST("file"),
                 .propagation = FS_PROPAGATION_SLAVE,
                 .flags = OP_RDONLY | OP_PROPAGATE_BELOW},
                {.kind = OP_TMPFS, AT("/x"), MODE(0700), .size = 4096},
                {.kind = OP_MASK, AT("/x"), .flags = OP_OPTIONAL},
                {.kind = OP_SHOW, AT("/x")},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                Error err = {0};
                if (fs_op_check(&wrong[i], &err) != -EINVAL)
                        fail_msg("wrong[%zu] is taken", i);
        }
        for (size_t i = 0; i < ARRAY_LEN(right); i++) {
                Error err = {0};
                if (fs_op_check(&right[i], &err) != 0)
                        fail_msg("right[%zu]: %s", i, err.text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_directory_has_its_mode),
                cmocka_unit_test(a_link_says_what_it_is_told),
                cmocka_unit_test(binds_have_their_own_attributes),
                cmocka_unit_test(a_bind_is_recursive_or_not),
                cmocka_unit_test(another_file_in_the_place_of_a_source_is_refused),
                cmocka_unit_test(a_tmpfs_has_size_and_mode),
                cmocka_unit_test(proc_sys_and_dev),
                cmocka_unit_test(masks_cover_files_and_directories),
                cmocka_unit_test(read_only_and_remount),
                cmocka_unit_test(a_pinned_directory_stays),
                cmocka_unit_test(a_file_holds_its_bytes),
                cmocka_unit_test(overlays_catch_writes),
                cmocka_unit_test(what_a_kind_does_not_take_is_refused),
        };
        return RUN_INSIDE(tests);
}
