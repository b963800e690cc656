/* SPDX-License-Identifier: Apache-2.0 */
/* Executes each kind of operation; the table at the end lists all kinds. */
#include "base/defence.h"
#include "mech/rootfs_ops.h"
#include "mech/rootfs_source.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

static bool is_missing(int r)
{
        return r == -ENOENT || r == -ENOTDIR;
}

static int make_bind(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        CLEANUP_FD int mount_fd = FD_NONE;
        bool recursive = op->flags & OP_RECURSIVE;
        CLEANUP_FD int source = FD_NONE;
        int r = rootfs_source_open(op, &source, err);
        if (r == 0 && (op->flags & OP_KEPT_HOME))
                r = rootfs_source_check(source, ctx->home_fd, op->source, err);
        if (r != 0)
                return r < 0 ? r : 0;
        r = mount_clone(source, "", recursive, &mount_fd);
        /* Mounts of another user namespace are locked together (mount_namespaces(7)). */
        if (r == -EINVAL && !recursive)
                return error_set_errno(
                        err, r,
                        "%s: cannot bind '%s' without the mounts of the host below it (bind them, "
                        "too)",
                        fs_op_origin(op), op->source);
        if (r < 0)
                return error_set_errno(err, r, "%s: cannot bind '%s'", fs_op_origin(op), op->source);
        r = mount_set(mount_fd, rootfs_attributes(op), recursive && !(op->flags & OP_TOP_ONLY));
        if (r == -EPERM && (op->flags & (OP_NOATIME | OP_STRICTATIME | OP_NODIRATIME)))
                return error_set_errno(
                        err, r,
                        "%s: cannot change how '%s' keeps access times, which its mount on the "
                        "host determines",
                        fs_op_origin(op), op->source);
        if (r < 0)
                return rootfs_op_failed(op, r, "set the flags of", err);
        *ret_fd = TAKE_FD(mount_fd);
        return 0;
}

static int make_scratch(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        CLEANUP_FD int layer = FD_NONE, mount_fd = FD_NONE;
        int r = rootfs_layer_open(ctx, op, "upper", &layer, err);
        if (r < 0)
                return r;
        r = mount_clone(layer, "", false, &mount_fd);
        if (r == 0)
                r = mount_set(mount_fd, rootfs_attributes(op), false);
        if (r < 0)
                return rootfs_op_failed(op, r, "bind", err);
        *ret_fd = TAKE_FD(mount_fd);
        return 0;
}

static int make_tmpfs(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        char mode[16];
        (void)ctx;
        (void)snprintf(mode, sizeof(mode), "%o", op->mode);
        return rootfs_new_tmpfs(mode, op->size, rootfs_attributes(op), ret_fd, err);
}

static int make_proc(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        (void)ctx;
        return mount_new("proc", NULL, 0, rootfs_attributes(op) | MOUNT_ATTR_NOEXEC, ret_fd, err);
}

/* Checks that /proc is a procfs, and not a fake of a hostile root (runc CVE-2019-16884). */
static int check_proc(RootfsContext *ctx, const PlanOp *op, int mount_fd, Error *err)
{
        CLEANUP_FD int fd = FD_NONE;
        struct statfs fs;
        (void)mount_fd;
        int r = root_open(ctx->root_fd, op->dest, true, &fd);
        if (r == 0 && fstatfs(fd, &fs) < 0)
                r = -errno;
        if (r == 0 && fs.f_type != PROC_SUPER_MAGIC)
                r = -EXDEV;
        return r < 0 ? rootfs_op_failed(op, r, "check the procfs at", err) : 0;
}

static int make_sysfs(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        (void)ctx;
        return mount_new("sysfs", NULL, 0, rootfs_attributes(op) | MOUNT_ATTR_NOEXEC, ret_fd, err);
}

/* Read-only, except with Delegate=yes: then nsdelegate protects the limits at its root. */
static int make_cgroup(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        int r = ctx->enter_cgroup(ctx->userdata, err);
        if (r < 0)
                return r;
        return mount_new("cgroup2", NULL, 0, rootfs_attributes(op) | MOUNT_ATTR_NOEXEC, ret_fd, err);
}

/* Opens the existing file at op->dest. Returns 1 if it does not exist and the operation is optional. */
static int open_target(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        int r = root_open(ctx->root_fd, op->dest, op->flags & OP_NO_FOLLOW, ret_fd);
        if (is_missing(r) && (op->flags & OP_OPTIONAL))
                return 1;
        return r < 0 ? rootfs_op_failed(op, r, "open", err) : 0;
}

/* All masks share one empty directory: cloning a mount takes a third of the time of a new file system. */
static int empty_directory(RootfsContext *ctx, int *ret_fd, Error *err)
{
        const MountOption options[] = {{"mode", "555"}, {"nr_inodes", "1"}};
        if (ctx->empty_fd >= 0)
                return mount_clone(ctx->empty_fd, "", false, ret_fd);
        int r = mount_new("tmpfs", options, ARRAY_LEN(options), mount_safe_attrs(true) | MOUNT_ATTR_NOEXEC,
                          ret_fd, err);
        if (r < 0)
                return r;
        ctx->empty_fd = fcntl(*ret_fd, F_DUPFD_CLOEXEC, 3);
        return ctx->empty_fd < 0 ? -errno : 0;
}

/* Clones /dev/null itself, not a file that replaced it (runc CVE-2025-31133). */
static int null_device(int *ret_fd)
{
        struct stat st;
        CLEANUP_FD int fd = FD_NONE;
        int r = mount_clone(AT_FDCWD, "/dev/null", false, &fd);
        if (r == 0 && fstat(fd, &st) < 0)
                r = -errno;
        if (r == 0 && (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)))
                r = -ENODEV;
        if (r == 0)
                *ret_fd = TAKE_FD(fd);
        return r;
}

static int apply_mask(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int target = FD_NONE, mount_fd = FD_NONE;
        struct stat st;
        if (!defence_is_on(DEFENCE_MASKS))
                return 0;
        int r = open_target(ctx, op, &target, err);
        if (r == 1 && (op->flags & OP_TELL_MISSING))
                ctx->tell_missing(ctx->userdata, (size_t)(op - ctx->root->ops));
        if (r != 0)
                return r < 0 ? r : 0;
        if (fstat(target, &st) < 0)
                return rootfs_op_failed(op, -errno, "examine", err);
        r = S_ISDIR(st.st_mode) ? empty_directory(ctx, &mount_fd, err) : null_device(&mount_fd);
        if (r == 0)
                r = mount_attach(mount_fd, target);
        return r < 0 ? rootfs_op_failed(op, r, "mask", err) : 0;
}

/* Binds dest on itself, with additional attributes or unchanged. */
static int bind_on_itself(RootfsContext *ctx, const PlanOp *op, uint64_t attrs, Error *err)
{
        CLEANUP_FD int target = FD_NONE, mount_fd = FD_NONE;
        int r = open_target(ctx, op, &target, err);
        if (r != 0)
                return r < 0 ? r : 0;
        r = mount_clone(target, "", true, &mount_fd);
        if (r == 0 && attrs != 0)
                r = mount_set(mount_fd, attrs, true);
        if (r == 0)
                r = mount_attach(mount_fd, target);
        return r < 0 ? rootfs_op_failed(op, r, "bind on itself", err) : 0;
}

static int apply_pin(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int made = FD_NONE;
        if (!defence_is_on(DEFENCE_PIN))
                return 0;
        /* Otherwise, the mount point that the later mount needs is created, too. */
        int r = op->flags & OP_OPTIONAL ? 0 : rootfs_make_mount_point(ctx, op, true, &made, err);
        if (r < 0)
                return r;
        return bind_on_itself(ctx, op, 0, err);
}

static int apply_alias(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int source = FD_NONE, target = FD_NONE, mount_fd = FD_NONE;
        int r = root_open(ctx->root_fd, op->source, true, &source);
        if (r == 0)
                r = mount_clone(source, "", true, &mount_fd);
        if (r < 0)
                return rootfs_op_failed(op, r, "show a directory at", err);
        r = rootfs_make_mount_point(ctx, op, true, &target, err);
        if (r < 0 && (op->flags & OP_OPTIONAL)) {
                *err = (Error){0};
                return 0;
        }
        if (r < 0)
                return r;
        r = mount_attach(mount_fd, target);
        return r < 0 ? rootfs_op_failed(op, r, "show a directory at", err) : 0;
}

static int apply_read_only(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        return defence_is_on(DEFENCE_MOUNT_FLAGS) ? bind_on_itself(ctx, op, MOUNT_ATTR_RDONLY, err) : 0;
}

static int make_filesystem(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        CLEANUP_FREE MountOption *options = calloc(op->options.n + 1, sizeof(*options));
        CLEANUP_STRLIST StrList words = {0};
        (void)ctx;
        if (!options)
                return error_no_memory(err);
        for (size_t i = 0; i < op->options.n; i++) {
                if (strlist_add(&words, op->options.items[i]) < 0)
                        return error_no_memory(err);
                char *equals = strchr(words.items[i], '=');
                if (equals)
                        *equals = '\0';
                options[i] = (MountOption){.key = words.items[i], .value = equals ? equals + 1 : NULL};
        }
        return mount_new(op->source, options, op->options.n, rootfs_attributes(op), ret_fd, err);
}

static int apply_remount(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int fd = FD_NONE;
        bool root = str_eq(op->dest, "/");
        int r = root ? 0 : root_open(ctx->root_fd, op->dest, op->flags & OP_NO_FOLLOW, &fd);
        int mount_fd = root ? ctx->root_fd : fd;
        if (r == 0)
                r = mount_set(mount_fd, rootfs_attributes(op), op->flags & OP_RECURSIVE);
        if (r == -EINVAL)
                return error_set(err, EINVAL,
                                 "%s: cannot set the flags of '%s', because it is not a mount point",
                                 fs_op_origin(op), op->dest);
        return r < 0 ? rootfs_op_failed(op, r, "set the flags of", err) : rootfs_propagate(op, mount_fd, err);
}

const RootfsOpKind rootfs_do_bind = {.make = make_bind};
const RootfsOpKind rootfs_do_scratch = {.make = make_scratch};
const RootfsOpKind rootfs_do_tmpfs = {.make = make_tmpfs};
const RootfsOpKind rootfs_do_proc = {.make = make_proc, .finish = check_proc};
const RootfsOpKind rootfs_do_sysfs = {.make = make_sysfs};
const RootfsOpKind rootfs_do_cgroup = {.make = make_cgroup, .needs_ids = true};
const RootfsOpKind rootfs_do_mask = {.apply = apply_mask};
const RootfsOpKind rootfs_do_pin = {.apply = apply_pin};
const RootfsOpKind rootfs_do_alias = {.apply = apply_alias};
const RootfsOpKind rootfs_do_read_only = {.apply = apply_read_only};
const RootfsOpKind rootfs_do_filesystem = {.make = make_filesystem, .needs_ids = true};
const RootfsOpKind rootfs_do_remount = {.apply = apply_remount};

/* One per kind of the list: a kind that nothing executes does not link. */
const RootfsOpKind *const rootfs_op_kinds[OP_MAX] = {
#define OP_KIND(id, symbol, ...) [OP_##id] = &rootfs_do_##symbol,
#include "spec/fs_op_kinds.def"
};
