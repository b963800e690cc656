/* SPDX-License-Identifier: Apache-2.0 */
/* The two engines that catch writes: the kernel's overlayfs, and fuse-overlayfs on a mount that we make. */
#include "mech/rootfs_ops.h"
#include "mech/rootfs_source.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* fsconfig(2) takes at most 255 bytes, and a path may hold ':' or '\\': a descriptor's path has neither
 * trouble. */
typedef char FdPath[32];

static const char *fd_path(int fd, FdPath out)
{
        (void)snprintf(out, sizeof(FdPath), "/proc/self/fd/%d", fd);
        return out;
}

/* The merged directory's mode is the upper's: make it the lower's, but for one that was changed before. */
static int copy_mode(const RootfsContext *ctx, int lower, int upper)
{
        struct stat st;
        if (ctx->resume)
                return 0;
        return fstat(lower, &st) < 0 ? -errno : rootfs_chmod(upper, st.st_mode);
}

static int make_overlay(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        CLEANUP_FD int lower = FD_NONE, upper = FD_NONE, work = FD_NONE;
        int r = rootfs_source_open(op, &lower, err);
        if (r == 0)
                r = rootfs_layer_open(ctx, op, "upper", &upper, err);
        if (r == 0)
                r = rootfs_layer_open(ctx, op, "work", &work, err);
        if (r < 0)
                return r;
        r = copy_mode(ctx, lower, upper);
        if (r < 0)
                return error_set_errno(err, r, "preparing the upper directory for %s", op->dest);
        FdPath lower_path, upper_path, work_path;
        /*
         * userxattr: all that a user namespace may write. volatile: without it the end of the mount syncs the
         * whole file system that the upper lies on, and nothing of a run outlives a crash anyway
         * (Documentation/filesystems/overlayfs.rst).
         */
        const MountOption options[] = {
                {"lowerdir", fd_path(lower, lower_path)},
                {"upperdir", fd_path(upper, upper_path)},
                {"workdir", fd_path(work, work_path)},
                {"userxattr", NULL},
                {"volatile", NULL},
        };
        /* A tmpfs has nothing to sync, and the mark of a volatile overlay is two directories more. */
        size_t n = ARRAY_LEN(options) - (op->flags & OP_IN_MEMORY ? 1 : 0);
        return mount_new("overlay", options, n, rootfs_attributes(op), ret_fd, err);
}

static int make_fuse(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        CLEANUP_FD int fuse = FD_NONE, upper = FD_NONE, work = FD_NONE, mount_fd = FD_NONE;
        int r = rootfs_layer_open(ctx, op, "upper", &upper, err);
        if (r == 0)
                r = rootfs_layer_open(ctx, op, "work", &work, err);
        if (r < 0)
                return r;
        CLEANUP_FD int lower = FD_NONE;
        r = rootfs_source_open(op, &lower, err);
        if (r < 0)
                return r;
        r = copy_mode(ctx, lower, upper);
        if (r == 0 && !ctx->resume && op->flags & OP_ROOT_OWNED)
                r = rootfs_own(ctx->identity, upper);
        if (r < 0)
                return error_set_errno(err, r, "preparing the upper directory for %s", op->dest);
        /* Opened here: the kernel wants the opener's user namespace to be the mount's (fs/fuse/inode.c). */
        fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
        if (fuse < 0)
                return error_set_errno(err, errno, "opening /dev/fuse");
        char fd_text[16];
        (void)snprintf(fd_text, sizeof(fd_text), "%d", fuse);
        char uid[16], gid[16];
        (void)snprintf(uid, sizeof(uid), "%u", ctx->identity->uid);
        (void)snprintf(gid, sizeof(gid), "%u", ctx->identity->gid);
        const MountOption options[] = {
                {"source", "kurung"}, {"fd", fd_text},       {"rootmode", "40755"},         {"user_id", uid},
                {"group_id", gid},    {"allow_other", NULL}, {"default_permissions", NULL},
        };
        r = mount_new("fuse", options, ARRAY_LEN(options), rootfs_attributes(op), &mount_fd, err);
        if (r < 0)
                return r;
        r = ctx->serve_fuse(ctx->userdata, (size_t)(op - ctx->root->ops), fuse, err);
        if (r == 0)
                *ret_fd = TAKE_FD(mount_fd);
        return r;
}

const RootfsOpKind rootfs_do_overlay = {.make = make_overlay, .needs_ids = true};
const RootfsOpKind rootfs_do_fuse = {.make = make_fuse, .needs_ids = true};
