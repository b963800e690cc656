/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on the root: what is made in it, where content comes from, layers, and specs that ask for them.
 */
#include "inside.h"

#include "plan/host.h"

#include <sys/utsname.h>

static void look_at_directories(void)
{
        CHECK(has_mode("/a/b", 01777));
        CHECK(has_mode("/a", 0755));
        CHECK(has_mode("/", 0755));
        CHECK(has_mode("/there", 0700));
}

static void a_directory_has_its_mode(void **state)
{
        (void)state;
        const PlanOp ops[] = {ROOT,
                              {.kind = OP_DIR, AT("/a/b"), MODE(01777)},
                              {.kind = OP_TMPFS, AT("/there"), MODE(0700)},
                              {.kind = OP_DIR, AT("/there"), MODE(0755)}};
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
        INSIDE(other, .fails = "cannot create the symlink '/link': existing destination is where");
        const PlanOp file[] = {ROOT,
                               {.kind = OP_DIR, AT("/link"), MODE(0755)},
                               {.kind = OP_SYMLINK, AT("/link"), SAYS("where")}};
        INSIDE(file, .fails = "destination exists and is not a symlink");
}

static void another_file_in_the_place_of_a_source_is_refused(void **state)
{
        struct stat st;
        (void)state;
        assert_int_equal(stat(below("file"), &st), 0);
        PlanOp ops[] = {ROOT, {.kind = OP_BIND, AT("/f"), HOST("file")}};
        ops[1].source_id = (FileId){.known = true, .dev = st.st_dev, .ino = st.st_ino + 1};
        INSIDE(ops, .fails = "was replaced");
}

static void look_at_files(void)
{
        CHECK(has_text("/etc/hosts", "127.0.0.1 localhost\n"));
        CHECK(has_flags("/etc/hosts", SAFE | ST_RDONLY));
        CHECK(has_mode("/etc/hosts", 0644));
        CHECK(access("/run/kurung/hosts", F_OK) == 0);
}

static void look_at_content(void)
{
        struct stat st;
        CHECK(has_text("/data", "bytes") && has_mode("/data", 0600));
        CHECK(has_flags("/data", SAFE | ST_RDONLY));
        CHECK(has_text("/piped", "from a pipe") && can_write("/piped", "x"));
        CHECK(stat("/nul", &st) == 0 && st.st_size == 3);
        CHECK(has_text("/a/written", "text") && has_mode("/a/written", 0640));
        CHECK(has_text("/over", "new") && has_mode("/over", 0755));
        CHECK(has_text("/from-file", "ent"));
        CHECK(has_mode("/d", 0500));
        CHECK(stat("/owned", &st) == 0 && st.st_uid == getuid() && st.st_gid == getgid());
        /* The content lies nowhere else. */
        CHECK(access("/run", F_OK) < 0);
}

static void a_file_holds_its_bytes(void **state)
{
        (void)state;
        const PlanOp ops[] = {ROOT,
                              {.kind = OP_TMPFS, AT("/run"), MODE(0755)},
                              {.kind = OP_FILE,
                               AT("/etc/hosts"),
                               DATA("127.0.0.1 localhost\n"),
                               MODE(0644),
                               .flags = OP_RDONLY}};
        INSIDE(ops, .files_dir = "/run/kurung", .look = look_at_files);
}

#define HOSTS(text, bits)                                                                                    \
        {                                                                                                    \
                .kind = OP_WRITE, AT("/etc/hosts"), DATA(text), MODE(bits)                                   \
        }
#define ADD_NAME(more)                                                                                       \
        {                                                                                                    \
                .kind = OP_HOSTS, AT("/etc/hosts"), DATA("127.0.1.1 %H\n"), MODE(0644),                      \
                .flags = OP_OPTIONAL | OP_NO_FOLLOW | OP_SPECIFIERS | (more)                                 \
        }

static void look_at_an_added_name(void)
{
        CHECK(has_text("/etc/hosts", "::1 x # inside\n127.0.1.1 inside\n"));
        CHECK(has_flags("/etc/hosts", SAFE | ST_RDONLY));
        CHECK(has_mode("/etc/hosts", 0644));
}

static void look_at_a_writable_copy(void)
{
        CHECK(has_text("/etc/hosts", "127.0.1.1 inside\n"));
        CHECK(has_flags("/etc/hosts", SAFE) && can_write("/etc/hosts", "x"));
        CHECK(access("/run", F_OK) < 0);
}

static void look_at_an_own_name(void)
{
        CHECK(has_text("/etc/hosts", "::1 \tINSIDE\n") && can_write("/etc/hosts", "x"));
}

static void look_at_secret_hosts(void)
{
        CHECK(has_text("/etc/hosts", "secret") && has_mode("/etc/hosts", 0600));
        CHECK(can_write("/etc/hosts", "x"));
}

static void look_at_own_hosts(void)
{
        CHECK(has_text("/etc/hosts", "own") && can_write("/etc/hosts", "x"));
}

static void look_at_masked_hosts(void)
{
        struct stat st;
        CHECK(stat("/etc/hosts", &st) == 0 && S_ISCHR(st.st_mode));
}

static void look_at_linked_hosts(void)
{
        CHECK(has_text("/etc/hosts", "linked") && can_write("/etc/hosts", "x"));
}

static void look_at_no_hosts(void)
{
        CHECK(access("/etc/hosts", F_OK) < 0 && errno == ENOENT);
}

static void the_host_name_is_added_to_what_is_seen(void **state)
{
        (void)state;
        const PlanOp seen[] = {
                ROOT, {.kind = OP_BIND, AT("/etc"), HOST("etc"), .flags = OP_RDONLY}, ADD_NAME(OP_RDONLY)};
        assert_true(mkdir(below("etc"), 0755) == 0 || errno == EEXIST);
        put("etc/hosts", "::1 x # inside");
        INSIDE(seen, .look = look_at_an_added_name);
        const PlanOp writable[] = {ROOT, HOSTS("", 0644), ADD_NAME(0)};
        INSIDE(writable, .look = look_at_a_writable_copy);
        const PlanOp named[] = {ROOT, HOSTS("::1 \tINSIDE\n", 0644), ADD_NAME(0)};
        INSIDE(named, .look = look_at_an_own_name);
        /* The payload could not read it, or may write to it. */
        const PlanOp secret[] = {ROOT, HOSTS("secret", 0600), ADD_NAME(0)};
        INSIDE(secret, .look = look_at_secret_hosts);
        const PlanOp own[] = {ROOT, HOSTS("own", 0644), ADD_NAME(OP_RDONLY)};
        INSIDE(own, .look = look_at_own_hosts);
        const PlanOp masked[] = {
                ROOT, HOSTS("hidden", 0644), {.kind = OP_MASK, AT("/etc/hosts")}, ADD_NAME(0)};
        INSIDE(masked, .look = look_at_masked_hosts);
        const PlanOp linked[] = {ROOT,
                                 {.kind = OP_WRITE, AT("/etc/other"), DATA("linked"), MODE(0644)},
                                 {.kind = OP_SYMLINK, AT("/etc/hosts"), SAYS("other")},
                                 ADD_NAME(0)};
        INSIDE(linked, .look = look_at_linked_hosts);
        const PlanOp missing[] = {ROOT, {.kind = OP_DIR, AT("/etc"), MODE(0755)}, ADD_NAME(0)};
        INSIDE(missing, .look = look_at_no_hosts);
}

static void content_comes_from_bytes_and_descriptors(void **state)
{
        int ends[2];
        (void)state;
        int file = open(below("file"), O_RDONLY | O_CLOEXEC);
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_int_equal(write(ends[1], "from a pipe", 11), 11);
        (void)close(ends[1]);
        assert_int_equal(lseek(file, 4, SEEK_SET), 4);
        const PlanOp ops[] = {
                ROOT,
                {.kind = OP_FILE, AT("/data"), DATA("bytes"), MODE(0600), .flags = OP_RDONLY},
                {.kind = OP_FILE, AT("/piped"), FROM_FD(ends[0]), MODE(0644)},
                {.kind = OP_FILE, AT("/nul"), DATA("a\0b"), MODE(0644)},
                {.kind = OP_WRITE, AT("/a/written"), DATA("text"), MODE(0640)},
                {.kind = OP_WRITE, AT("/over"), DATA("old text"), MODE(0755)},
                {.kind = OP_WRITE, AT("/over"), DATA("new"), MODE(0600)},
                {.kind = OP_WRITE, AT("/from-file"), FROM_FD(file), MODE(0644)},
                {.kind = OP_DIR, AT("/d"), MODE(0755)},
                {.kind = OP_CHMOD, AT("/d"), MODE(0500)},
                {.kind = OP_DIR,
                 AT("/owned"),
                 MODE(0700),
                 .has_owner = true,
                 .uid = getuid(),
                 .gid = getgid()},
        };
        INSIDE(ops, .look = look_at_content);
        (void)close(file);
        (void)close(ends[0]);
        const PlanOp not_mapped[] = {
                ROOT, {.kind = OP_DIR, AT("/d"), MODE(0700), .has_owner = true, .uid = getuid() + 1}};
        INSIDE(not_mapped, .fails = "cannot give '/d' to");
        const PlanOp fifo[] = {ROOT,
                               {.kind = OP_DEV, AT("/dev")},
                               {.kind = OP_WRITE, AT("/dev/null"), DATA("x"), MODE(0644)}};
        INSIDE(fifo, .fails = "'/dev/null' exists already and is no file");
        const PlanOp over[] = {ROOT,
                               {.kind = OP_DIR, AT("/d"), MODE(0755)},
                               {.kind = OP_SYMLINK, AT("/link"), SAYS("d")},
                               {.kind = OP_FILE, AT("/link"), DATA("x")}};
        INSIDE(over,
               .fails = "'/link' is a directory inside the sandbox, and a file cannot be mounted on it");
}

static void look_at_a_long_text(void)
{
        CLEANUP_FREE char *got = NULL;
        size_t len = 0;
        CHECK(io_read_file_at(AT_FDCWD, "/long", 1 << 20, &got, &len) == 0);
        CHECK(len == 300000 && got[0] == 'x' && got[len - 1] == 'x');
}

/* More than a pipe holds, from one that is not waited for by read(2). */
static void content_is_waited_for(void **state)
{
        static char text[300000];
        int ends[2], status;
        (void)state;
        memset(text, 'x', sizeof(text));
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void)close(ends[0]);
                _exit(io_write_all(ends[1], text, sizeof(text)) < 0);
        }
        (void)close(ends[1]);
        const PlanOp ops[] = {ROOT, {.kind = OP_WRITE, AT("/long"), FROM_FD(ends[0]), MODE(0644)}};
        INSIDE(ops, .look = look_at_a_long_text);
        (void)close(ends[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void cannot_be_read(int fd, const char *why)
{
        PlanOp ops[] = {ROOT, {.kind = OP_WRITE, AT("/x"), FROM_FD(fd), .origin = (char[]){"--file"}}};
        const PlanRoot root = {.ops = ops, .n_ops = ARRAY_LEN(ops)};
        char expected[100];
        Error err = {0};
        assert_true(rootfs_prepare(&root, &err) < 0);
        (void)snprintf(expected, sizeof(expected), "--file: cannot read descriptor %d for '/x': %s", fd, why);
        assert_string_equal(err.text, expected);
}

static void descriptors_are_looked_at_before_anything_starts(void **state)
{
        int by_path = open(below("file"), O_PATH | O_CLOEXEC), dir = open(base, O_RDONLY | O_CLOEXEC);
        int to_write = open(below("file"), O_WRONLY | O_CLOEXEC);
        (void)state;
        cannot_be_read(by_path, strerror(EBADF));
        cannot_be_read(to_write, strerror(EBADF));
        cannot_be_read(dir, strerror(EISDIR));
        (void)close(dir);
        cannot_be_read(dir, strerror(EBADF));
        (void)close(by_path);
        (void)close(to_write);
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

static void make_layers(void **state)
{
        static const char *const dirs[] = {"top", "bottom", "rw", "work"};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
                assert_int_equal(mkdir(below(dirs[i]), 0755), 0);
        put("top/both", "top");
        put("bottom/both", "bottom");
        put("bottom/only", "bottom");
}

static void look_at_layers(void)
{
        CHECK(has_text("/rw/both", "top") && has_text("/rw/only", "bottom"));
        CHECK(can_write("/rw/both", "changed"));
        CHECK(has_text("/memory/both", "top") && can_write("/memory/new", "x"));
        CHECK(has_text("/ro/both", "top") && has_text("/ro/only", "bottom"));
        CHECK(!can_write("/ro/both", "x") && errno == EROFS);
}

static void overlays_have_several_layers(void **state)
{
        make_layers(state);
        FsFile lowers[] = {{.path = below("top")}, {.path = below("bottom")}};
        const PlanOp ops[] = {
                ROOT,
                {.kind = OP_OVERLAY,
                 AT("/rw"),
                 LAYERS(lowers),
                 .upper = {.path = below("rw")},
                 .work = {.path = below("work")}},
                {.kind = OP_OVERLAY,
                 AT("/memory"),
                 LAYERS(lowers),
                 .layer = (char[]){"several"},
                 .flags = OP_IN_MEMORY},
                {.kind = OP_OVERLAY, AT("/ro"), LAYERS(lowers), .flags = OP_RDONLY},
        };
        INSIDE(ops, .look = look_at_layers);
        assert_true(has_text(below("rw/both"), "changed"));
        assert_true(has_text(below("top/both"), "top"));
        lowers[1].id = (FileId){.known = true, .directory = true, .ino = 1};
        INSIDE(ops, .fails = "was replaced");
}

static void look_at_many_layers(void)
{
        char path[32];
        for (unsigned i = 0; i < 120; i++) {
                (void)snprintf(path, sizeof(path), "/o/%u", i);
                CHECK(access(path, F_OK) == 0);
        }
}

/* More than one option of fsconfig(2) holds. */
static void overlays_have_many_layers(void **state)
{
        static FsFile lowers[120];
        static char paths[120][96];
        unsigned major = 0, minor = 0;
        struct utsname kernel;
        (void)state;
        assert_int_equal(uname(&kernel), 0);
        assert_int_equal(sscanf(kernel.release, "%u.%u", &major, &minor), 2);
        for (unsigned i = 0; i < ARRAY_LEN(lowers); i++) {
                (void)snprintf(paths[i], sizeof(paths[i]), "%s/lower%u", base, i);
                assert_int_equal(mkdir(paths[i], 0755), 0);
                lowers[i].path = paths[i];
                char file[128];
                (void)snprintf(file, sizeof(file), "%s/%u", paths[i], i);
                assert_true(can_write(file, ""));
        }
        const PlanOp ops[] = {ROOT, {.kind = OP_OVERLAY, AT("/o"), LAYERS(lowers), .flags = OP_RDONLY}};
        if (major > 6 || (major == 6 && minor >= 5))
                INSIDE(ops, .look = look_at_many_layers);
        else
                INSIDE(ops, .fails = "lowerdir+");
}

/* From a spec to the root, without a front end: a descriptor is opened here, in another mount namespace. */
static void look_at_a_spec(void)
{
        CHECK(has_text("/d/inner", "inner"));
        CHECK(has_text("/f", "content"));
        CHECK(has_flags("/f", SAFE | ST_RDONLY));
        CHECK(access("/none", F_OK) < 0);
}

static void make_plan_of(const SpecOp *ops, size_t n, Host *host, Plan *plan)
{
        static const char *const no_environment[] = {NULL};
        CLEANUP(spec_clear) Spec spec = {0};
        Error err = {0};
        assert_int_equal(spec_init(&spec), 0);
        spec.ops_in_order = true;
        spec.id_map = ID_MAP_SINGLE;
        for (size_t i = 0; i < n; i++)
                assert_int_equal(spec_add_op(&spec, &ops[i]), 0);
        assert_int_equal(host_probe_ops(host, &spec), 0);
        if (plan_make(&spec, host, NULL, no_environment, plan, &err) < 0)
                fail_msg("%s", err.text);
}

static Host plain_host(void)
{
        return (Host){.uid = 1000,
                      .gid = 1000,
                      .has_clone3 = true,
                      .has_openat2 = true,
                      .has_mount_setattr = true,
                      .seccomp = true,
                      .proc_visible = true};
}

static void a_spec_is_made_as_it_says(void **state)
{
        CLEANUP(plan_clear) Plan plan = {0};
        CLEANUP_FD int dir = open(below("dir"), O_PATH | O_DIRECTORY | O_CLOEXEC);
        CLEANUP_FD int file = open(below("file"), O_RDONLY | O_CLOEXEC);
        Host host = plain_host();
        (void)state;
        const SpecOp ops[] = {
                {.kind = OP_BIND, AT("/d"), FROM_FD(dir), .flags = OP_RECURSIVE},
                {.kind = OP_BIND, AT("/f"), FROM_FD(file), .flags = OP_RDONLY},
                {.kind = OP_BIND, AT("/none"), HOST("nothing"), .flags = OP_OPTIONAL},
        };
        make_plan_of(ops, ARRAY_LEN(ops), &host, &plan);
        inside(&(const Inside){.ops = plan.root.ops, .n_ops = plan.root.n_ops, .look = look_at_a_spec});
        /* Another file gets the name. */
        put("other", "other");
        assert_int_equal(rename(below("file"), below("moved")), 0);
        assert_int_equal(rename(below("other"), below("file")), 0);
        inside(&(const Inside){.ops = plan.root.ops, .n_ops = plan.root.n_ops, .fails = "was replaced"});
        assert_int_equal(rename(below("moved"), below("file")), 0);
        host_clear(&host);
}

static void a_removed_file_has_no_name(void **state)
{
        Host host = plain_host();
        (void)state;
        put("gone", "x");
        CLEANUP_FD int fd = open(below("gone"), O_RDONLY | O_CLOEXEC);
        assert_int_equal(unlink(below("gone")), 0);
        assert_int_equal(host_probe_descriptor(&host, fd), -ENOENT);
        put("gone (deleted)", "x");
        assert_int_equal(host_probe_descriptor(&host, fd), -ENOENT);
        int ends[2];
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_int_equal(host_probe_descriptor(&host, ends[0]), -ENOENT);
        (void)close(ends[0]);
        (void)close(ends[1]);
        host_clear(&host);
}

static void what_a_kind_does_not_take_is_refused(void **state)
{
        char *options[] = {(char[]){"size=1k"}, NULL};
        FsFile lowers[] = {{.path = (char[]){"/l"}}};
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
                {.kind = OP_CHMOD, AT("/x")},
                {.kind = OP_FILE, AT("/x"), FROM_FD(-1)},
                {.kind = OP_FILE, AT("/x"), TYPE("tmpfs")},
                {.kind = OP_SYMLINK, AT("/x"), SAYS("text"), .has_owner = true},
                {.kind = OP_TMPFS, AT("/x"), .options = {.items = options, .n = 1}},
                {.kind = OP_TMPFS, AT("/x"), .source = (char[]){"/x"}},
                {.kind = OP_BIND, AT("/x"), HOST("file"), .lowers = lowers, .n_lowers = 1},
                {.kind = OP_OVERLAY, AT("/x"), LAYERS(lowers), .flags = OP_RDONLY},
                {.kind = OP_OVERLAY, AT("/x"), LAYERS(lowers), .upper = {.path = (char[]){"/u"}}},
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
                cmocka_unit_test(another_file_in_the_place_of_a_source_is_refused),
                cmocka_unit_test(a_file_holds_its_bytes),
                cmocka_unit_test(the_host_name_is_added_to_what_is_seen),
                cmocka_unit_test(content_comes_from_bytes_and_descriptors),
                cmocka_unit_test(content_is_waited_for),
                cmocka_unit_test(descriptors_are_looked_at_before_anything_starts),
                cmocka_unit_test(overlays_catch_writes),
                cmocka_unit_test(overlays_have_several_layers),
                cmocka_unit_test(overlays_have_many_layers),
                cmocka_unit_test(a_spec_is_made_as_it_says),
                cmocka_unit_test(a_removed_file_has_no_name),
                cmocka_unit_test(what_a_kind_does_not_take_is_refused),
        };
        return RUN_INSIDE(tests);
}
