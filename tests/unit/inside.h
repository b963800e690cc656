/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A root that is made of a PlanRoot filled by hand, in namespaces of the test's own, and looked at from
 * inside. What goes wrong in there comes back as a text: cmocka knows one process.
 */
#pragma once

#include "unit.h"

#include "base/io.h"
#include "mech/idmap.h"
#include "mech/rootfs.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

/** A directory of the host for the test's files, with a run's directory in it; removed by inside_clear(). */
static char base[64];
static int inside_report = FD_NONE;

/** What a test makes, and how it is looked at. */
typedef struct Inside {
        const PlanOp *ops;
        size_t n_ops;
        const char *files_dir;
        FsPropagation propagation;
        /* In the new namespaces, before anything is made there; NULL: nothing. */
        void (*prepare)(void);
        /* In the new root. */
        void (*look)(void);
        /* A part of the error that is expected instead. */
        const char *fails;
} Inside;

#define CHECK(condition) inside_check((condition), __LINE__, #condition)

/* Only in the child. */
static void inside_check(bool holds, int line, const char *text)
{
        if (holds)
                return;
        (void)dprintf(inside_report, "line %d: %s (errno: %s)", line, text, strerror(errno));
        _exit(1);
}

static bool inside_told_missing;

static int inside_serve_fuse(void *userdata, size_t index, int fuse_fd, Error *err)
{
        (void)userdata, (void)index, (void)fuse_fd;
        return error_set(err, ENOTSUP, "nobody serves it here");
}

static void inside_tell_missing(void *userdata, size_t index)
{
        (void)userdata, (void)index;
        inside_told_missing = true;
}

static int inside_enter_cgroup(void *userdata, Error *err)
{
        (void)userdata;
        return unshare(CLONE_NEWCGROUP) < 0 ? error_set_errno(err, errno, "a cgroup namespace") : 0;
}

static void inside_make(const Inside *t, const PlanIdentity *identity)
{
        Error err = {0};
        char run[80];
        (void)snprintf(run, sizeof(run), "%s/run", base);
        const PlanRoot root = {.ops = (PlanOp *)(uintptr_t)t->ops,
                               .n_ops = t->n_ops,
                               .files_dir = (char *)(uintptr_t)t->files_dir,
                               .propagation = t->propagation};
        RootfsContext ctx = {.root = &root,
                             .identity = identity,
                             .cwd = "/",
                             .host_name = "inside",
                             .run_fd = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC),
                             .memory_fd = FD_NONE,
                             .home_fd = FD_NONE,
                             .root_fd = FD_NONE,
                             .view_fds = {FD_NONE, FD_NONE},
                             .empty_fd = FD_NONE,
                             .serve_fuse = inside_serve_fuse,
                             .tell_missing = inside_tell_missing,
                             .enter_cgroup = inside_enter_cgroup};
        if (t->prepare)
                t->prepare();
        int r = rootfs_make(&ctx, &err);
        if (r == 0)
                r = rootfs_apply(&ctx, &err);
        rootfs_clear(&ctx);
        if (t->fails ? r == 0 || !strstr(err.text, t->fails) : r < 0) {
                (void)dprintf(inside_report, "%s", r == 0 ? "it does not fail" : err.text);
                _exit(1);
        }
        if (!t->fails)
                t->look();
        _exit(0);
}

/* The process that makes the namespaces; its child is the first one in them. */
static void inside_begin(const Inside *t)
{
        Error err = {0};
        const PlanIdentity identity = {.host_uid = getuid(),
                                       .host_gid = getgid(),
                                       .uid = getuid(),
                                       .gid = getgid(),
                                       .uid_map = {.items = {{getuid(), getuid(), 1}}, .n = 1},
                                       .gid_map = {.items = {{getgid(), getgid(), 1}}, .n = 1}};
        CHECK(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET) == 0);
        CHECK(idmap_write(&identity, getpid(), &err) == 0);
        CHECK(idmap_apply(&identity, &err) == 0);
        int status;
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
                inside_make(t, &identity);
        CHECK(waitpid(pid, &status, 0) == pid);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

static bool inside_can(void)
{
        int status = 0;
        pid_t pid = fork();
        if (pid == 0)
                _exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0);
        return waitpid(pid, &status, 0) == pid && status == 0;
}

/** inside - make it and look at it; a failure fails the test. */
static void inside(const Inside *t)
{
        CLEANUP_FREE char *said = NULL;
        int ends[2], status = 0;
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                inside_report = ends[1];
                inside_begin(t);
        }
        (void)close(ends[1]);
        assert_int_equal(io_read_to_end(ends[0], 65536, -1, &said, NULL), 0);
        (void)close(ends[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (said[0] != '\0' || status != 0)
                fail_msg("inside: %s (status %d)", said, status);
}

/** INSIDE - the same for a list of operations; the rest are members of Inside. */
#define INSIDE(list, ...) inside(&(const Inside){.ops = (list), .n_ops = ARRAY_LEN(list), __VA_ARGS__})

/* What there is, for looking. */
static UNUSED bool has_text(const char *path, const char *text)
{
        CLEANUP_FREE char *got = NULL;
        return io_read_file_at(AT_FDCWD, path, 65536, &got, NULL) == 0 && str_eq(got, text);
}

static UNUSED bool has_mode(const char *path, mode_t mode)
{
        struct stat st;
        return stat(path, &st) == 0 && (st.st_mode & 07777) == mode;
}

static UNUSED bool can_write(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        bool wrote = fd >= 0 && io_write_all(fd, text, strlen(text)) == 0;
        (void)fd_close(fd);
        return wrote;
}

/* The flags of statvfs(3) among nosuid, nodev, noexec and read-only. */
static UNUSED bool has_flags(const char *path, unsigned long flags)
{
        struct statvfs v;
        return statvfs(path, &v) == 0 && (v.f_flag & (ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_RDONLY)) == flags;
}

/** below - the path of what lies in base; valid for the whole test. */
static char *below(const char *name)
{
        static char paths[64][128];
        static size_t n;
        char *path = paths[n++ % ARRAY_LEN(paths)];
        (void)snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
        return path;
}

/* In the test's process: a file below base. */
static UNUSED void put(const char *name, const char *text)
{
        assert_true(can_write(below(name), text));
}

/* Members of an operation. */
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
#define DATA(text) .source_kind = FS_SOURCE_BYTES, .source = (char[]){text}, .source_len = sizeof(text) - 1
#define FROM_FD(fd) .source_kind = FS_SOURCE_DESCRIPTOR, .source_fd = (fd)
#define TYPE(name)                                                                                           \
        .source_kind = FS_SOURCE_TYPE, .source = (char[])                                                    \
        {                                                                                                    \
                name                                                                                         \
        }
#define LAYERS(list) .source_kind = FS_SOURCE_LAYERS, .lowers = (list), .n_lowers = ARRAY_LEN(list)
#define SAFE (ST_NOSUID | ST_NODEV)

static int inside_setup(void **state)
{
        static const char *const dirs[] = {"run", "dir", "dir/sub", "empty"};
        (void)state;
        (void)snprintf(base, sizeof(base), "%s/kurung-unit.XXXXXX",
                       getenv("TMPDIR") ? getenv("TMPDIR") : "/var/tmp");
        if (!mkdtemp(base))
                return -1;
        for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
                if (mkdir(below(dirs[i]), 0755) < 0)
                        return -1;
        put("file", "content");
        put("dir/inner", "inner");
        return 0;
}

static int inside_teardown(void **state)
{
        (void)state;
        return io_remove_tree_at(AT_FDCWD, base);
}

/** RUN_INSIDE - RUN_TESTS() with the files; one skip where no user namespace can be made. */
#define RUN_INSIDE(tests)                                                                                    \
        (!inside_can() ? (puts("1..0 # SKIP no user namespace can be made here"), 0)                         \
                       : (cmocka_set_message_output(CM_OUTPUT_TAP),                                          \
                          cmocka_run_group_tests((tests), inside_setup, inside_teardown)))
