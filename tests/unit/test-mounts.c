/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that mount: attributes, recursion, propagation, file systems, and the root itself. */
#include "inside.h"

#include <sys/mount.h>
#include <sys/sysmacros.h>

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

static void look_at_nothing(void)
{
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
        INSIDE(missing, .fails = "none': No such file");
        /* A link that leads nowhere is as good as nothing. */
        assert_int_equal(symlink("nowhere", below("dangling")), 0);
        const PlanOp dangling[] = {ROOT,
                                   {.kind = OP_BIND, AT("/none"), HOST("dangling"), .flags = OP_OPTIONAL}};
        INSIDE(dangling, .look = look_at_nothing);
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
        CHECK(has_text("/proc/1/comm", "test-mounts\n"));
        CHECK(has_flags("/proc", SAFE | ST_NOEXEC));
        CHECK(access("/sys/kernel", F_OK) == 0);
        CHECK(has_flags("/sys", SAFE | ST_NOEXEC | ST_RDONLY));
        CHECK(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
        CHECK(can_write("/dev/null", "x"));
        CHECK(has_mode("/dev/shm", 01777));
        CHECK(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC) >= 0);
        CHECK(!can_write("/dev/new", "x") && errno == EROFS);
        CHECK(lstat("/dev/core", &st) < 0 && lstat("/dev2/core", &st) == 0 && S_ISLNK(st.st_mode));
        CHECK(symlink("/proc/kcore", "/dev2/new") == 0);
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
        INSIDE(missing, .fails = "cannot open '/none'");
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
        INSIDE(none, .fails = "'/d', because it is not a mount point");
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

static void look_at_filesystems(void)
{
        struct statvfs v;
        CHECK(access("/queue", W_OK) == 0 && has_flags("/queue", SAFE));
        CHECK(access("/pts/ptmx", F_OK) == 0 && has_mode("/pts/ptmx", 0600));
        CHECK(has_flags("/pts", ST_NOSUID | ST_NOEXEC));
        CHECK(statvfs("/t", &v) == 0 && v.f_files == 7);
        CHECK(has_mode("/t", 0710));
}

static void file_systems_have_types_and_options(void **state)
{
        char *pts[] = {(char[]){"newinstance"}, (char[]){"ptmxmode=0600"}, NULL};
        char *memory[] = {(char[]){"nr_inodes=7"}, (char[]){"mode=0710"}, NULL};
        char *wrong[] = {(char[]){"nonsense=1"}, NULL};
        (void)state;
        const PlanOp ops[] = {
                ROOT,
                {.kind = OP_FILESYSTEM, AT("/queue"), TYPE("mqueue")},
                {.kind = OP_FILESYSTEM,
                 AT("/pts"),
                 TYPE("devpts"),
                 .options = {.items = pts, .n = 2},
                 .flags = OP_ALLOW_DEV | OP_NOEXEC},
                {.kind = OP_FILESYSTEM, AT("/t"), TYPE("tmpfs"), .options = {.items = memory, .n = 2}},
        };
        INSIDE(ops, .look = look_at_filesystems);
        const PlanOp option[] = {
                ROOT, {.kind = OP_FILESYSTEM, AT("/t"), TYPE("tmpfs"), .options = {.items = wrong, .n = 1}}};
        INSIDE(option, .fails = "nonsense");
        const PlanOp type[] = {ROOT, {.kind = OP_FILESYSTEM, AT("/t"), TYPE("ext4")}};
        INSIDE(type, .fails = "cannot create a file system of type ext4");
}

static void look_at_another_root(void)
{
        CHECK(has_text("/inner", "inner"));
        CHECK(access("/before", F_OK) < 0);
        CHECK(has_text("/sub/f", "content"));
        CHECK(has_flags("/", SAFE | ST_RDONLY));
}

static void an_operation_on_the_root_replaces_it(void **state)
{
        (void)state;
        const PlanOp ops[] = {ROOT,
                              {.kind = OP_DIR, AT("/before"), MODE(0755)},
                              {.kind = OP_BIND, AT("/"), HOST("dir")},
                              {.kind = OP_TMPFS, AT("/sub"), MODE(0755)},
                              {.kind = OP_WRITE, AT("/sub/f"), DATA("content"), MODE(0644)},
                              {.kind = OP_REMOUNT, AT("/"), .flags = OP_RDONLY}};
        INSIDE(ops, .look = look_at_another_root);
        const PlanOp file[] = {ROOT, {.kind = OP_BIND, AT("/"), HOST("file")}};
        INSIDE(file, .fails = "Not a directory");
}

static int to_host[2], from_host[2];

/* The namespace that the new one is copied from, with a shared mount; somebody there mounts something later.
 */
static void share_with_a_host(void)
{
        char byte;
        CHECK(mount("none", below("empty"), "tmpfs", 0, NULL) == 0);
        CHECK(mount(NULL, below("empty"), NULL, MS_SHARED, NULL) == 0);
        CHECK(mkdir(below("empty/x"), 0755) == 0);
        CHECK(pipe2(to_host, O_CLOEXEC) == 0 && pipe2(from_host, O_CLOEXEC) == 0);
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
                CHECK(read(to_host[0], &byte, 1) == 1);
                CHECK(mount("none", below("empty/x"), "tmpfs", 0, NULL) == 0);
                CHECK(can_write(below("empty/x/f"), "later"));
                CHECK(write(from_host[1], "m", 1) == 1);
                _exit(0);
        }
        CHECK(unshare(CLONE_NEWNS) == 0);
}

static void let_host_mount(void)
{
        char byte;
        CHECK(write(to_host[1], "m", 1) == 1);
        CHECK(read(from_host[0], &byte, 1) == 1);
}

static void look_at_slaves(void)
{
        let_host_mount();
        CHECK(has_text("/slave/x/f", "later"));
        CHECK(access("/private/x/f", F_OK) < 0);
}

static void look_at_privates(void)
{
        let_host_mount();
        CHECK(access("/slave/x/f", F_OK) < 0);
        CHECK(access("/private/x/f", F_OK) < 0);
}

static void later_mounts_of_the_host_are_seen_when_asked_for(void **state)
{
        (void)state;
        const PlanOp ops[] = {ROOT,
                              {.kind = OP_BIND, AT("/slave"), HOST("empty"), .flags = OP_RECURSIVE},
                              {.kind = OP_BIND,
                               AT("/private"),
                               HOST("empty"),
                               .flags = OP_RECURSIVE,
                               .propagation = FS_PROPAGATION_PRIVATE}};
        INSIDE(ops, .propagation = FS_PROPAGATION_SLAVE, .prepare = share_with_a_host,
               .look = look_at_slaves);
        INSIDE(ops, .propagation = FS_PROPAGATION_PRIVATE, .prepare = share_with_a_host,
               .look = look_at_privates);
        /* Whoever leaves it out gets the same. */
        INSIDE(ops, .prepare = share_with_a_host, .look = look_at_privates);
}

/* Whether the optional fields of the last mount at @path have one that begins with @how
 * (proc_pid_mountinfo(5)).
 */
static bool propagates_as(const char *path, const char *how)
{
        CLEANUP_FREE char *text = NULL;
        char *save = NULL, at[64];
        bool found = false;
        CHECK(io_read_file_at(AT_FDCWD, "/proc/self/mountinfo", 65536, &text, NULL) == 0);
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                int rest = 0;
                CHECK(sscanf(line, "%*s %*s %*s %*s %63s %*s%n", at, &rest) == 1 && rest > 0);
                const char *fields = line + rest, *end = strstr(fields, " - "), *field = strstr(fields, how);
                CHECK(end != NULL);
                if (strcmp(at, path) == 0)
                        found = field && field < end;
        }
        return found;
}

static void look_at_propagation(void)
{
        CHECK(propagates_as("/shared", " shared:"));
        CHECK(propagates_as("/shared/sub", " shared:"));
        CHECK(propagates_as("/top", " shared:"));
        CHECK(!propagates_as("/top/sub", " shared:"));
        CHECK(propagates_as("/no", " unbindable"));
        CHECK(!propagates_as("/private", " shared:"));
        CHECK(!propagates_as("/", " shared:"));
}

static void mounts_have_their_own_propagation(void **state)
{
        (void)state;
        const PlanOp ops[] = {
                ROOT,
                {.kind = OP_PROC, AT("/proc")},
                {.kind = OP_BIND,
                 AT("/shared"),
                 HOST("dir"),
                 .propagation = FS_PROPAGATION_SHARED,
                 .flags = OP_RECURSIVE | OP_PROPAGATE_BELOW},
                {.kind = OP_BIND,
                 AT("/top"),
                 HOST("dir"),
                 .propagation = FS_PROPAGATION_SHARED,
                 .flags = OP_RECURSIVE},
                {.kind = OP_BIND, AT("/no"), HOST("dir"), .propagation = FS_PROPAGATION_UNBINDABLE},
                {.kind = OP_TMPFS, AT("/private"), MODE(0755), .propagation = FS_PROPAGATION_SHARED},
                {.kind = OP_REMOUNT, AT("/private"), .propagation = FS_PROPAGATION_PRIVATE},
        };
        INSIDE(ops, .prepare = mount_below, .look = look_at_propagation);
}

static void look_at_a_shared_root(void)
{
        CHECK(propagates_as("/", " shared:"));
        CHECK(!propagates_as("/proc", " shared:"));
        CHECK(propagates_as("/later", " shared:"));
}

static void look_at_a_root_that_is_a_slave(void)
{
        CHECK(propagates_as("/", " master:") && !propagates_as("/", " shared:"));
        let_host_mount();
        CHECK(has_text("/x/f", "later"));
}

static void look_at_a_root_that_is_both(void)
{
        CHECK(propagates_as("/", " master:") && propagates_as("/", " shared:"));
}

/* pivot_root(2) refuses a shared one. */
static void the_root_has_its_own_propagation(void **state)
{
        (void)state;
        const PlanOp shared[] = {ROOT,
                                 {.kind = OP_PROC, AT("/proc")},
                                 {.kind = OP_REMOUNT, AT("/"), .propagation = FS_PROPAGATION_SHARED},
                                 /* The kernel makes what is mounted on a shared mount shared. */
                                 {.kind = OP_TMPFS, AT("/later")}};
        INSIDE(shared, .look = look_at_a_shared_root);
        const PlanOp slave[] = {{.kind = OP_BIND, AT("/"), HOST("empty"), .flags = OP_RECURSIVE},
                                {.kind = OP_PROC, AT("/proc")}};
        INSIDE(slave, .propagation = FS_PROPAGATION_SLAVE, .prepare = share_with_a_host,
               .look = look_at_a_root_that_is_a_slave);
        const PlanOp both[] = {{.kind = OP_BIND,
                                AT("/"),
                                HOST("empty"),
                                .flags = OP_RECURSIVE,
                                .propagation = FS_PROPAGATION_SHARED},
                               {.kind = OP_PROC, AT("/proc")}};
        INSIDE(both, .propagation = FS_PROPAGATION_SLAVE, .prepare = share_with_a_host,
               .look = look_at_a_root_that_is_both);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(binds_have_their_own_attributes),
                cmocka_unit_test(a_bind_is_recursive_or_not),
                cmocka_unit_test(a_tmpfs_has_size_and_mode),
                cmocka_unit_test(proc_sys_and_dev),
                cmocka_unit_test(masks_cover_files_and_directories),
                cmocka_unit_test(read_only_and_remount),
                cmocka_unit_test(a_pinned_directory_stays),
                cmocka_unit_test(file_systems_have_types_and_options),
                cmocka_unit_test(an_operation_on_the_root_replaces_it),
                cmocka_unit_test(later_mounts_of_the_host_are_seen_when_asked_for),
                cmocka_unit_test(mounts_have_their_own_propagation),
                cmocka_unit_test(the_root_has_its_own_propagation),
        };
        return RUN_INSIDE(tests);
}
