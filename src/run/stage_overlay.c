/* SPDX-License-Identifier: Apache-2.0 */
/* The stage that becomes the server of an overlay, with which the payload communicates: it is confined before
 * its first request. */
#include "base/caps.h"
#include "base/defence.h"
#include "base/mount.h"
#include "base/path.h"
#include "base/process.h"
#include "confine/confine.h"
#include "mech/lower.h"
#include "mech/rootfs_source.h"
#include "run/overlay_server.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* The program's libraries: read-only, and with the hidden paths hidden there, too, because a home may be
 * among them. In another root only masks count, because its paths are not the host's. */
static const char *const library_dirs[] = {"/usr",    "/lib",       "/lib32",    "/lib64",
                                           "/libx32", "/nix/store", "/gnu/store"};
static const char *const library_files[] = {"/etc/ld.so.cache"};

static int fail(const OverlayStage *stage, Error *err, int r, const char *what)
{
        return error_set_errno(err, r, "%s: cannot %s", stage->server->name, what);
}

/* Waits until ids are mapped: before that, files cannot be created (EOVERFLOW), nor groups dropped. */
static int wait_for_ids(const OverlayStage *stage, Error *err)
{
        int r = channel_expect_sync(stage->channel, SYNC_USERNS, err);
        if (r == 0 && stage->ctx->plan->identity.map_by_newuidmap && setgroups(0, NULL) < 0)
                r = error_set_errno(err, errno, "cannot drop the supplementary groups");
        return r;
}

/* Clones the host's file or directory at @path, for execution without writing. */
static int clone_program(const char *path, int *ret_fd)
{
        CLEANUP_FD int fd = FD_NONE;
        int r = mount_clone(AT_FDCWD, path, true, &fd);
        if (r == 0)
                r = mount_set(fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, true);
        if (r == 0)
                *ret_fd = TAKE_FD(fd);
        return r;
}

static int add_program(const OverlayStage *stage, int root, Error *err)
{
        CLEANUP_FD int fd = FD_NONE;
        int r = clone_program(stage->program, &fd);
        return r < 0 ? error_set_errno(err, r, "cannot clone '%s'", stage->program)
                     : confine_root_add(stage->server->name, root, OVERLAY_PROGRAM, fd, err);
}

static int add_library(const OverlayStage *stage, int root, int empty, const char *path, Error *err)
{
        const Plan *plan = stage->ctx->plan;
        char target[64];
        CLEANUP_FD int mount_fd = FD_NONE;
        ssize_t n = readlink(path, target, sizeof(target) - 1);
        if (n > 0) {
                target[n] = '\0';
                return symlinkat(target, root, path + 1) < 0
                               ? fail(stage, err, -errno, "create a link to its libraries")
                               : 0;
        }
        int r = clone_program(path, &mount_fd);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return fail(stage, err, r, "clone its libraries");
        r = confine_root_add(stage->server->name, root, path, mount_fd, err);
        return r < 0 ? r : lower_hide(&plan->root, 0, plan->root.foreign, mount_fd, path, empty, err);
}

static int add_libraries(const OverlayStage *stage, int root, int empty, Error *err)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(library_dirs); i++)
                r = add_library(stage, root, empty, library_dirs[i], err);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(library_files); i++)
                r = add_library(stage, root, empty, library_files[i], err);
        return r;
}

/* Adds a procfs that shows only the server itself, which accesses open files through /proc/self/fd. */
static int add_proc(const OverlayStage *stage, int root, Error *err)
{
        CLEANUP_FD int fd = FD_NONE;
        int r = mount_new("proc", NULL, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, &fd,
                          err);
        return r < 0 ? r : confine_root_add(stage->server->name, root, "/proc", fd, err);
}

static int add_lower(const OverlayStage *stage, int root, int lower, int empty, Error *err)
{
        const Plan *plan = stage->ctx->plan;
        const PlanOp *op = &plan->root.ops[stage->index];
        int r = confine_root_add(stage->server->name, root, OVERLAY_LOWER, lower, err);
        return r < 0 ? r : lower_hide(&plan->root, stage->index + 1, false, lower, op->dest, empty, err);
}

/* Clones the host's mounts at @path, without permission to write or execute. */
static int clone_read_only(int dirfd, const char *path, int *ret_fd)
{
        CLEANUP_FD int fd = FD_NONE;
        int r = mount_clone(dirfd, path, true, &fd);
        if (r == 0)
                r = mount_set(fd,
                              MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                              true);
        if (r == 0)
                *ret_fd = TAKE_FD(fd);
        return r;
}

/* Opens a directory in this mount namespace, because a descriptor of the supervisor cannot be bound here. */
static int open_again(const char *path, int known, int *ret_fd)
{
        CLEANUP_FD int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat a, b;
        if (fd < 0 || fstat(fd, &a) < 0 || fstat(known, &b) < 0)
                return -errno;
        if (a.st_dev != b.st_dev || a.st_ino != b.st_ino)
                return -EBUSY;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int add_placeholders(const OverlayStage *stage, int root, Error *err)
{
        CLEANUP_FD int fd = FD_NONE, copy = FD_NONE;
        if (stage->placeholders < 0)
                return 0;
        int r = open_again(stage->placeholders_path, stage->placeholders, &fd);
        if (r == 0)
                r = clone_read_only(fd, "", &copy);
        return r < 0 ? fail(stage, err, r, "clone the placeholders of unreadable files")
                     : confine_root_add(stage->server->name, root, OVERLAY_PLACEHOLDERS, copy, err);
}

/* Makes the root except for the layer, which the setup stage is still creating. */
static int make_root(const OverlayStage *stage, int *ret_root, Error *err)
{
        const PlanOp *op = &stage->ctx->plan->root.ops[stage->index];
        CLEANUP_FD int source = FD_NONE, lower = FD_NONE, root = FD_NONE, empty = FD_NONE;
        int r = confine_private_mounts(stage->server->name, err);
        /* The source must be opened before a new root covers the old one. */
        if (r == 0)
                r = rootfs_source_open(op, &source, err);
        if (r == 0 && (r = clone_read_only(source, "", &lower)) < 0)
                (void)error_set_errno(err, r, "%s: cannot clone the lower directory '%s'",
                                      stage->server->name, op->source);
        if (r == 0)
                r = confine_root_begin(stage->server->name, &root, err);
        if (r == 0)
                r = lower_make_empty(&empty, err);
        if (r == 0)
                r = confine_root_add(stage->server->name, root, "/empty", empty, err);
        if (r == 0)
                r = add_lower(stage, root, lower, empty, err);
        if (r == 0)
                r = add_program(stage, root, err);
        if (r == 0)
                r = add_libraries(stage, root, empty, err);
        if (r == 0)
                r = lower_seal_empty(empty, err);
        if (r == 0)
                r = add_proc(stage, root, err);
        if (r == 0)
                r = add_placeholders(stage, root, err);
        if (r == 0)
                *ret_root = TAKE_FD(root);
        return r;
}

/* Adds upper and work in one mount, because files are renamed from one to the other. */
static int add_layer(const OverlayStage *stage, int root, Error *err)
{
        const StageContext *ctx = stage->ctx;
        char name[PLAN_LAYER_PATH_MAX];
        CLEANUP_FREE char *path = path_join(ctx->plan->storage.runs_dir, ctx->run_name);
        CLEANUP_FD int run = FD_NONE, layer = FD_NONE;
        if (!path)
                return error_no_memory(err);
        (void)plan_layer_path(true, ctx->plan->root.ops[stage->index].layer, NULL, name);
        int r = open_again(path, ctx->run_fd, &run);
        if (r == 0)
                r = mount_clone(run, name, false, &layer);
        if (r == 0)
                r = mount_set(layer, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, false);
        return r < 0 ? fail(stage, err, r, "open its upper directory")
                     : confine_root_add(stage->server->name, root, OVERLAY_LAYER, layer, err);
}

/* The setup stage makes the kernel's side of the mount, and sends its device. */
static int wait_for_device(const OverlayStage *stage, int *ret_fd, Error *err)
{
        Message m;
        int fd = FD_NONE;
        int r = channel_receive(stage->channel, &m, &fd);
        if (r <= 0 || m.type != MSG_FUSE_DEVICE || fd < 0) {
                fd_close(fd);
                return fail(stage, err, r < 0 ? r : -ECONNRESET, "receive its device");
        }
        *ret_fd = fd;
        return 0;
}

/* What a server gets: at most two devices and a channel, FD_NONE where it has none. */
typedef struct Given {
        int fds[OVERLAY_FD_MAX - OVERLAY_FD_DEVICE];
} Given;

static void given_clear(Given *g)
{
        for (size_t i = 0; i < ARRAY_LEN(g->fds); i++)
                g->fds[i] = fd_close(g->fds[i]);
}

static int wait_for_devices(const OverlayStage *stage, Given *g, Error *err)
{
        int r = wait_for_device(stage, &g->fds[0], err);
        if (r < 0 || !stage->server->has_view)
                return r;
        return wait_for_device(stage, &g->fds[OVERLAY_FD_DEVICE_2 - OVERLAY_FD_DEVICE], err);
}

/* Moves the devices and the channel to their numbers, and closes all others. */
static int arrange(Given *g, int owners)
{
        int n = 0;
        g->fds[OVERLAY_FD_OWNERS - OVERLAY_FD_DEVICE] = owners;
        for (; n < (int)ARRAY_LEN(g->fds) && g->fds[n] >= 0; n++) {
                int high = fcntl(g->fds[n], F_DUPFD_CLOEXEC, OVERLAY_FD_MAX);
                if (high < 0)
                        return -errno;
                fd_close(g->fds[n]);
                g->fds[n] = high;
        }
        for (int i = 0; i < n; i++)
                if (dup2(g->fds[i], OVERLAY_FD_DEVICE + i) < 0)
                        return -errno;
        given_clear(g);
        return process_close_from(OVERLAY_FD_DEVICE + (unsigned)n);
}

/* Its stderr is a file of kurung's. */
#define LOG_MAX (UINT64_C(64) << 10)

/* A quarter of the machine's memory: the payload determines how many names the server has to remember. */
static uint64_t memory_max(void)
{
        const uint64_t least = UINT64_C(256) << 20;
        struct sysinfo info;
        uint64_t quarter = sysinfo(&info) == 0 ? (uint64_t)info.totalram * info.mem_unit / 4 : least;
        return quarter > least ? quarter : least;
}

/* Each open file inside is a descriptor here. */
static void raise_descriptors(void)
{
        struct rlimit files;
        if (getrlimit(RLIMIT_NOFILE, &files) < 0)
                return;
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
}

static int enter_root(const OverlayStage *stage, int root, Given *given, Error *err)
{
        const OverlayServer *server = stage->server;
        const Confinement c = {
                .who = server->name,
                .capabilities = server->capabilities,
                .max_data = server->is_own && SANITIZED ? 0 : memory_max(),
                .max_file = LOG_MAX,
                .reads_root = true,
                .writable = server->has_layer ? OVERLAY_LAYER : NULL,
                .calls = server->calls,
                .n_calls = server->n_calls,
                .other_calls = server->other_calls,
        };
        int r = server->has_layer ? add_layer(stage, root, err) : 0;
        if (r == 0)
                r = confine_root_enter(stage->server->name, root, err);
        if (r == 0 && (r = arrange(given, stage->owners)) < 0)
                (void)fail(stage, err, r, "close its descriptors");
        raise_descriptors();
        process_reset_signals();
        if (r == 0)
                r = confine_privileges(&c, err);
        /* Changing capabilities has reset it (PR_SET_PDEATHSIG(2const)). */
        if (r == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                r = fail(stage, err, -errno, "tie it to the supervisor");
        return r < 0 ? r : confine_seal(&c, err);
}

/* Connects stderr to a file of kurung, input and output to /dev/null. */
static int take_standard_descriptors(const OverlayStage *stage, Error *err)
{
        CLEANUP_FD int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
            dup2(stage->log >= 0 ? stage->log : null, 2) < 0)
                return fail(stage, err, -errno, "set its standard descriptors");
        return 0;
}

static int prepare(const OverlayStage *stage, Error *err)
{
        CLEANUP_FD int root = FD_NONE;
        CLEANUP(given_clear) Given given = {{FD_NONE, FD_NONE, FD_NONE}};
        int r = take_standard_descriptors(stage, err);
        process_leave_group();
        if (r == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                r = fail(stage, err, -errno, "tie it to the supervisor");
        if (r == 0)
                r = wait_for_ids(stage, err);
        if (r == 0 && stage->confined)
                r = make_root(stage, &root, err);
        if (r == 0)
                r = wait_for_devices(stage, &given, err);
        /* arrange() reuses their numbers. */
        if (r == 0 && stage->confined)
                return enter_root(stage, TAKE_FD(root), &given, err);
        if (r == 0)
                r = arrange(&given, stage->owners);
        return r < 0 ? r : caps_pass_on(stage->server->capabilities, err);
}

static int serve(const OverlayStage *stage, Error *err)
{
        const char *name = stage->program;
        CLEANUP_STRLIST StrList args = {0};
        int r = strlist_add(&args, name);
        if (r == 0)
                r = stage->server->add_arguments(stage, &args);
        if (r < 0)
                return error_no_memory(err);
        r = prepare(stage, err);
        if (r < 0)
                return r;
        /* No variable of the payload, because a profile may have set it (attack 12). */
        char *const *env =
                defence_is_on(DEFENCE_ENVIRONMENT) ? defence_environment() : stage->ctx->payload->env.items;
        (void)execve(stage->confined ? OVERLAY_PROGRAM : name, args.items, env);
        return error_set_errno(err, errno, "cannot start '%s'", name);
}

/*
 * overlay (the server of an overlay)
 *   has: the sandbox's user namespace, and its own namespaces for everything else: a root with the lower,
 *     read-only and with all hidden paths hidden in it, the program and its libraries, and a procfs that
 *     shows only itself; an empty network; its fuse devices. By its kind (OverlayServer): upper and work,
 *     capabilities.
 *   must: be confined before exec, because the payload communicates with it; serve the file system until it
 *     is killed; die with the supervisor.
 *   must not: be visible to the payload, see another process, reach any other file of the host.
 */
static int server_main(const OverlayStage *stage)
{
        Error err = {0};
        if (serve(stage, &err) < 0)
                (void)dprintf(2, "%s\n", err.text);
        return EXIT_KURUNG_FAILED;
}

int stage_overlay_main(const OverlayStage *stage)
{
        Error err = {0};
        int pidfd = FD_NONE, r = 0;
        if (setns(stage->userns, CLONE_NEWUSER) < 0)
                r = error_set_errno(&err, errno, "cannot join the sandbox's user namespace");
        if (r == 0) {
                /* The new process is the supervisor's child: this one exists only to join the user
                 * namespace. */
                const uint64_t own = stage->confined ? confine_namespaces | CLONE_NEWNET : 0;
                pid_t pid = process_clone(own | CLONE_PARENT, &pidfd);
                if (pid == 0)
                        _exit(server_main(stage));
                r = pid < 0 ? error_set_errno(&err, (int)pid, "%s: cannot create its namespaces",
                                              stage->server->name)
                            : channel_send(stage->channel, MSG_STARTED, (int)pid, pidfd);
        }
        if (r < 0)
                (void)channel_send_error(stage->channel, &err);
        return r < 0 ? EXIT_KURUNG_FAILED : 0;
}
