/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans of specs that are filled by hand with operations in a given order, as front ends other than profiles
 * do: each option of bubblewrap for the file system, and the mounts of an OCI bundle. The golden files have
 * what concerns the root alone.
 */
#include "golden.h"

#include "plan/host.h"
#include "plan/plan.h"
#include "plan/plan_text.h"

#include <fcntl.h>
#include <stdio.h>

#define W(text) ((char[]){text})
#define PATH(text) .source_kind = FS_SOURCE_PATH, .source = W(text)
#define BYTES(text) .source_kind = FS_SOURCE_BYTES, .source = W(text), .source_len = sizeof(text) - 1
#define FD(number) .source_kind = FS_SOURCE_DESCRIPTOR, .source_fd = (number)
#define TYPE(text) .source_kind = FS_SOURCE_TYPE, .source = W(text)
#define LAYERS(list) .source_kind = FS_SOURCE_LAYERS, .lowers = (list), .n_lowers = ARRAY_LEN(list)
#define MODE(bits) .has_mode = true, .mode = (bits)

/* What was looked up: a link, and a descriptor. */
static HostPath paths[] = {
        {.path = W("/opt/link"),
         .found = {.path = W("/opt/real"), .st = {.st_mode = S_IFDIR, .st_dev = 1, .st_ino = 5}}},
        {.path = W("descriptor 7"),
         .found = {.path = W("/srv/seven"), .st = {.st_mode = S_IFDIR, .st_dev = 1, .st_ino = 7}}},
};

static const Host host = {
        .uid = 1000,
        .gid = 1000,
        .home = W("/home/u"),
        .cwd = W("/home/u/project"),
        .kernel_major = 6,
        .kernel_minor = 12,
        .has_clone3 = true,
        .has_openat2 = true,
        .has_mount_setattr = true,
        .seccomp = true,
        .proc_visible = true,
        .sys_visible = true,
        .memory = UINT64_C(16) << 30,
        .paths = paths,
        .n_paths = ARRAY_LEN(paths),
};

static int make(const SpecOp *ops, size_t n, bool in_order, FsPropagation propagation, Plan *ret, Error *err)
{
        static const char *const no_environment[] = {NULL};
        CLEANUP(spec_clear) Spec spec = {0};
        (void)spec_init(&spec);
        spec.ops_in_order = in_order;
        spec.propagation = propagation;
        spec.id_map = ID_MAP_SINGLE;
        (void)strlist_add(&spec.argv, "true");
        for (size_t i = 0; i < n; i++)
                if (spec_add_op(&spec, &ops[i]) < 0)
                        return -ENOMEM;
        return plan_make(&spec, &host, NULL, no_environment, ret, err);
}

/* The lines of the plan that begin with one of these. */
static char *print_root(const Plan *plan)
{
        static const char *const wanted[] = {"op ", "host-mounts ", "cwd "};
        char *text = NULL, *root = NULL;
        size_t len, root_len;
        FILE *f = open_memstream(&text, &len), *out = open_memstream(&root, &root_len);
        plan_print(plan, f);
        (void)fclose(f);
        for (char *line = text, *end; *line; line = end + 1) {
                end = strchr(line, '\n');
                for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
                        if (strncmp(line, wanted[i], strlen(wanted[i])) == 0)
                                (void)fprintf(out, "%.*s\n", (int)(end - line), line);
        }
        (void)fclose(out);
        free(text);
        return root;
}

static void is_golden(const char *name, const SpecOp *ops, size_t n, FsPropagation propagation)
{
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        if (make(ops, n, true, propagation, &plan, &err) < 0)
                fail_msg("%s: %s", name, err.text);
        CLEANUP_FREE char *got = print_root(&plan);
        lines_are_golden(got, name);
        json_is_golden(&plan, name);
        words_are_golden(&plan, name);
}

static void refused(const SpecOp *ops, size_t n, bool in_order, const char *says)
{
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        assert_true(make(ops, n, in_order, FS_PROPAGATION_PRIVATE, &plan, &err) < 0);
        if (!strstr(err.text, says))
                fail_msg("'%s' does not say '%s'", err.text, says);
}

/* The options of bwrap(1) for files, in the order of its "Filesystem related options". */
static void all_options_of_bubblewrap(void **state)
{
        FsFile one[] = {{.path = W("/l/top")}, {.path = W("/l/bottom")}};
        const SpecOp ops[] = {
                {.kind = OP_BIND,
                 .dest = W("/bind"),
                 PATH("/opt/link"),
                 .flags = OP_RECURSIVE,
                 .origin = W("--bind")},
                {.kind = OP_BIND, .dest = W("/bind-try"), PATH("/none"), .flags = OP_RECURSIVE | OP_OPTIONAL},
                {.kind = OP_BIND, .dest = W("/dev-bind"), PATH("/dev"), .flags = OP_RECURSIVE | OP_ALLOW_DEV},
                {.kind = OP_BIND,
                 .dest = W("/dev-bind-try"),
                 PATH("/none"),
                 .flags = OP_RECURSIVE | OP_ALLOW_DEV | OP_OPTIONAL},
                {.kind = OP_BIND, .dest = W("/ro-bind"), PATH("/usr"), .flags = OP_RECURSIVE | OP_RDONLY},
                {.kind = OP_BIND,
                 .dest = W("/ro-bind-try"),
                 PATH("/none"),
                 .flags = OP_RECURSIVE | OP_RDONLY | OP_OPTIONAL},
                {.kind = OP_BIND, .dest = W("/bind-fd"), FD(7), .flags = OP_RECURSIVE},
                {.kind = OP_BIND, .dest = W("/ro-bind-fd"), FD(7), .flags = OP_RECURSIVE | OP_RDONLY},
                {.kind = OP_REMOUNT, .dest = W("/bind"), .flags = OP_RDONLY | OP_ALLOW_DEV},
                {.kind = OP_OVERLAY,
                 .dest = W("/overlay"),
                 LAYERS(one),
                 .upper = {.path = W("/l/rw")},
                 .work = {.path = W("/l/work")}},
                {.kind = OP_OVERLAY, .dest = W("/tmp-overlay"), LAYERS(one), .flags = OP_IN_MEMORY},
                {.kind = OP_OVERLAY, .dest = W("/ro-overlay"), LAYERS(one), .flags = OP_RDONLY},
                {.kind = OP_PROC, .dest = W("/proc")},
                {.kind = OP_READ_ONLY, .dest = W("/proc/sys"), .flags = OP_OPTIONAL},
                {.kind = OP_DEV, .dest = W("/dev")},
                {.kind = OP_TMPFS, .dest = W("/tmpfs"), MODE(0700), .size = 65536},
                {.kind = OP_FILESYSTEM, .dest = W("/mqueue"), TYPE("mqueue")},
                {.kind = OP_DIR, .dest = W("/dir"), MODE(0711)},
                {.kind = OP_WRITE, .dest = W("/file"), FD(8), MODE(0600)},
                {.kind = OP_FILE, .dest = W("/bind-data"), FD(9), MODE(0600)},
                {.kind = OP_FILE, .dest = W("/ro-bind-data"), BYTES("data"), .flags = OP_RDONLY},
                {.kind = OP_SYMLINK,
                 .dest = W("/symlink"),
                 .source_kind = FS_SOURCE_TEXT,
                 .source = W("usr/bin")},
                {.kind = OP_CHMOD, .dest = W("/file"), MODE(0400)},
        };
        (void)state;
        is_golden("ops-bwrap", ops, ARRAY_LEN(ops), FS_PROPAGATION_SLAVE);
}

/* As podman and containerd write them into config.json. */
static void mounts_of_a_bundle(void **state)
{
        FsFile layers[] = {{.path = W("/l/top")}, {.path = W("/l/bottom")}};
        char *pts[] = {W("newinstance"), W("ptmxmode=0666"), W("mode=0620"), NULL};
        char *memory[] = {W("mode=755"), W("size=65536k"), NULL};
        const SpecOp ops[] = {
                {.kind = OP_BIND,
                 .dest = W("/"),
                 PATH("/bundle/rootfs"),
                 .flags = OP_RECURSIVE | OP_ALLOW_SUID | OP_ALLOW_DEV},
                {.kind = OP_PROC, .dest = W("/proc"), .flags = OP_NOEXEC},
                {.kind = OP_FILESYSTEM,
                 .dest = W("/dev"),
                 TYPE("tmpfs"),
                 .options = {.items = memory, .n = 2},
                 .flags = OP_ALLOW_DEV | OP_STRICTATIME},
                {.kind = OP_FILESYSTEM,
                 .dest = W("/dev/pts"),
                 TYPE("devpts"),
                 .options = {.items = pts, .n = 3},
                 .flags = OP_ALLOW_DEV | OP_NOEXEC},
                {.kind = OP_FILESYSTEM, .dest = W("/dev/mqueue"), TYPE("mqueue"), .flags = OP_NOEXEC},
                {.kind = OP_SYSFS, .dest = W("/sys"), .flags = OP_RDONLY | OP_NOEXEC},
                {.kind = OP_CGROUP, .dest = W("/sys/fs/cgroup"), .flags = OP_RDONLY | OP_NOEXEC},
                {.kind = OP_BIND,
                 .dest = W("/etc/hosts"),
                 PATH("/run/hosts"),
                 .flags = OP_RECURSIVE,
                 .propagation = FS_PROPAGATION_PRIVATE},
                {.kind = OP_BIND,
                 .dest = W("/data"),
                 PATH("/srv/data"),
                 .flags = OP_RDONLY | OP_TOP_ONLY | OP_RECURSIVE | OP_NOATIME | OP_NODIRATIME |
                          OP_PROPAGATE_BELOW,
                 .propagation = FS_PROPAGATION_SLAVE},
                {.kind = OP_BIND,
                 .dest = W("/alone"),
                 PATH("/srv/data"),
                 .flags = OP_NOSYMFOLLOW,
                 .propagation = FS_PROPAGATION_UNBINDABLE},
                {.kind = OP_TMPFS,
                 .dest = W("/owned"),
                 MODE(0700),
                 .has_owner = true,
                 .uid = 1000,
                 .gid = 1000},
                {.kind = OP_BIND,
                 .dest = W("/rro"),
                 PATH("/srv/data"),
                 .flags = OP_RDONLY | OP_RECURSIVE | OP_NOEXEC | OP_STRICTATIME},
                {.kind = OP_OVERLAY,
                 .dest = W("/merged"),
                 LAYERS(layers),
                 .upper = {.path = W("/l/rw")},
                 .work = {.path = W("/l/work")}},
                {.kind = OP_MASK, .dest = W("/proc/kcore"), .flags = OP_OPTIONAL},
                {.kind = OP_READ_ONLY, .dest = W("/proc/sys"), .flags = OP_OPTIONAL},
                {.kind = OP_REMOUNT,
                 .dest = W("/"),
                 .flags = OP_RDONLY | OP_ALLOW_SUID | OP_ALLOW_DEV | OP_PROPAGATE_BELOW,
                 .propagation = FS_PROPAGATION_SHARED},
        };
        (void)state;
        is_golden("ops-oci", ops, ARRAY_LEN(ops), FS_PROPAGATION_PRIVATE);
}

static void the_order_stays_and_nothing_is_added(void **state)
{
        const SpecOp ops[] = {
                {.kind = OP_TMPFS, .dest = W("/a/b")},
                {.kind = OP_BIND, .dest = W("/"), PATH("/"), .flags = OP_RECURSIVE},
                {.kind = OP_TMPFS, .dest = W("/a")},
        };
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        (void)state;
        assert_int_equal(make(ops, ARRAY_LEN(ops), true, FS_PROPAGATION_PRIVATE, &plan, &err), 0);
        CLEANUP_FREE char *got = print_root(&plan);
        assert_string_equal(got, "op tmpfs / mode=0755\nop tmpfs /a/b mode=0755\nop bind / from=/ recursive\n"
                                 "op tmpfs /a mode=0755\ncwd /\n");
        assert_int_equal(plan.notices.n + plan.notices_once.n, 0);
}

static void the_file_of_a_descriptor_is_known(void **state)
{
        const SpecOp ops[] = {{.kind = OP_BIND, .dest = W("/x"), FD(7)}};
        CLEANUP(plan_clear) Plan plan = {0};
        Error err = {0};
        (void)state;
        assert_int_equal(make(ops, 1, true, FS_PROPAGATION_PRIVATE, &plan, &err), 0);
        const PlanOp *op = &plan.root.ops[1];
        assert_int_equal(op->source_kind, FS_SOURCE_PATH);
        assert_string_equal(op->source, "/srv/seven");
        assert_true(op->source_id.known && op->source_id.ino == 7);
}

static void what_cannot_be_planned_is_an_error(void **state)
{
        FsFile one[] = {{.path = W("/l")}};
        const SpecOp unknown[] = {{.kind = OP_BIND, .dest = W("/x"), FD(6), .origin = W("--bind-fd")}};
        const SpecOp twice[] = {{.kind = OP_WRITE, .dest = W("/x"), FD(8)},
                                {.kind = OP_FILE, .dest = W("/y"), FD(8), .origin = W("--file")}};
        const SpecOp root[] = {{.kind = OP_PROC, .dest = W("/")}};
        const SpecOp show[] = {{.kind = OP_SHOW, .dest = W("/x")}};
        const SpecOp half[] = {
                {.kind = OP_OVERLAY, .dest = W("/x"), LAYERS(one), .upper = {.path = W("/u")}}};
        const SpecOp single[] = {{.kind = OP_OVERLAY, .dest = W("/x"), LAYERS(one), .flags = OP_RDONLY}};
        const SpecOp write[] = {
                {.kind = OP_WRITE, .dest = W("/home/u/x"), BYTES("x"), .origin = W("p.ini:1")}};
        (void)state;
        refused(unknown, 1, true, "--bind-fd: descriptor 6 cannot be found by a name");
        refused(twice, 2, true, "--file: descriptor 8 is read already");
        refused(root, 1, true, "\"proc\" cannot make the root");
        refused(show, 1, true, "undoes nothing");
        refused(half, 1, true, "needs an upper and a work directory");
        refused(single, 1, true, "needs two layers");
        /* A profile's operations are sorted, over directories of the host's: no file is made there. */
        refused(write, 1, false, "needs a list whose order is given");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_options_of_bubblewrap),
                cmocka_unit_test(mounts_of_a_bundle),
                cmocka_unit_test(the_order_stays_and_nothing_is_added),
                cmocka_unit_test(the_file_of_a_descriptor_is_known),
                cmocka_unit_test(what_cannot_be_planned_is_an_error),
        };
        return RUN_TESTS(tests);
}
