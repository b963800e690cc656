/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/rootfs.h"

#include "base/defence.h"
#include "base/path.h"
#include "mech/rootfs_ops.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

static const char *op_origin(const PlanOp *op)
{
        return op->origin ? op->origin : "root file system";
}

static int op_failed(const PlanOp *op, int r, const char *what, Error *err)
{
        return error_set_errno(err, r, "%s: %s %s", op_origin(op), what, op->dest);
}

static bool is_missing(int r)
{
        return r == -ENOENT || r == -ENOTDIR;
}

static bool id_is_mapped(const IdMap *map, uint32_t inside)
{
        for (size_t i = 0; i < map->n; i++)
                if (inside - map->items[i].inside < map->items[i].count)
                        return true;
        return false;
}

int rootfs_own(const Plan *plan, int fd)
{
        if (!id_is_mapped(&plan->uid_map, 0) || !id_is_mapped(&plan->gid_map, 0))
                return 0;
        return fchownat(fd, "", 0, 0, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

int rootfs_place(RootfsContext *ctx, const PlanOp *op, int mount_fd, bool directory, Error *err)
{
        CLEANUP_FD int target = FD_NONE;
        if (ctx->root_fd < 0) {
                /* On top of the old root, which stays "/" for us until the pivot: sources are still found by
                 * path. */
                target = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
                int r = target < 0 ? -errno : mount_attach(mount_fd, target);
                if (r == 0) {
                        ctx->root_fd = fcntl(mount_fd, F_DUPFD_CLOEXEC, 3);
                        r = ctx->root_fd < 0 ? -errno : 0;
                }
                return r < 0 ? op_failed(op, r, "attaching the new root at", err) : 0;
        }
        int r = root_make(ctx->root_fd, op->dest, directory, directory ? 0755 : 0644,
                          op->flags & OP_NO_FOLLOW, &target);
        if (r < 0)
                return op_failed(op, r, "making the mount point", err);
        r = mount_attach(mount_fd, target);
        return r < 0 ? op_failed(op, r, "mounting at", err) : 0;
}

int rootfs_layer_open(RootfsContext *ctx, const PlanOp *op, const char *side, int *ret_fd, Error *err)
{
        char path[64];
        (void)snprintf(path, sizeof(path), "%s/%s", side, op->layer);
        if (mkdirat(ctx->run_fd, path, 0700) < 0)
                return op_failed(op, -errno, "making a layer for", err);
        int fd = openat(ctx->run_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return op_failed(op, -errno, "opening a layer for", err);
        *ret_fd = fd;
        return 0;
}

static int op_dir(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int fd = FD_NONE;
        int r = root_make(ctx->root_fd, op->dest, true, 0755, op->flags & OP_NO_FOLLOW, &fd);
        if (r == 0 && fchmodat(fd, "", op->mode, AT_EMPTY_PATH) < 0 && errno != EOPNOTSUPP && errno != EINVAL)
                r = -errno;
        if (r == 0 && (op->flags & OP_ROOT_OWNED))
                r = rootfs_own(ctx->plan, fd);
        return r < 0 ? op_failed(op, r, "making the directory", err) : 0;
}

static int op_symlink(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int parent = FD_NONE;
        const char *name;
        int r = root_open_parent(ctx->root_fd, op->dest, &parent, &name);
        if (r == 0 && symlinkat(op->source, parent, name) < 0)
                r = -errno;
        return r < 0 ? op_failed(op, r, "making the symlink", err) : 0;
}

static int op_bind(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int mount_fd = FD_NONE;
        bool recursive = op->flags & OP_RECURSIVE;
        int r = mount_clone(AT_FDCWD, op->source, recursive, &mount_fd);
        if (is_missing(r) && (op->flags & OP_OPTIONAL))
                return 0;
        if (r < 0)
                return error_set_errno(err, r, "%s: binding %s", op_origin(op), op->source);
        struct stat st;
        if (fstat(mount_fd, &st) < 0)
                return op_failed(op, -errno, "looking at the source of", err);
        r = mount_set(mount_fd, mount_safe_attrs(op->flags & OP_RDONLY), recursive);
        if (r < 0)
                return op_failed(op, r, "setting the flags of", err);
        return rootfs_place(ctx, op, mount_fd, S_ISDIR(st.st_mode), err);
}

static int op_scratch(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int layer = FD_NONE, mount_fd = FD_NONE;
        int r = rootfs_layer_open(ctx, op, "upper", &layer, err);
        if (r < 0)
                return r;
        r = mount_clone(layer, "", false, &mount_fd);
        if (r == 0)
                r = mount_set(mount_fd, mount_safe_attrs(false), false);
        return r < 0 ? op_failed(op, r, "binding", err) : rootfs_place(ctx, op, mount_fd, true, err);
}

static int op_tmpfs(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int mount_fd = FD_NONE, there = FD_NONE;
        if ((op->flags & OP_OPTIONAL) && ctx->root_fd >= 0) {
                int r = root_open(ctx->root_fd, op->dest, true, &there);
                if (is_missing(r) || r == -ELOOP)
                        return 0;
        }
        char mode[16], size[32];
        (void)snprintf(mode, sizeof(mode), "%o", op->mode);
        (void)snprintf(size, sizeof(size), "%llu", (unsigned long long)op->size);
        const MountOption options[] = {{"mode", mode}, {"size", size}};
        int r = mount_new("tmpfs", options, op->size ? 2 : 1, mount_safe_attrs(false), &mount_fd, err);
        if (r == 0 && (op->flags & OP_ROOT_OWNED)) {
                r = rootfs_own(ctx->plan, mount_fd);
                if (r < 0)
                        return op_failed(op, r, "setting the owner of", err);
        }
        return r < 0 ? r : rootfs_place(ctx, op, mount_fd, true, err);
}

static int op_proc(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int mount_fd = FD_NONE, check = FD_NONE;
        int r = mount_new("proc", NULL, 0, mount_safe_attrs(false) | MOUNT_ATTR_NOEXEC, &mount_fd, err);
        if (r == 0)
                r = rootfs_place(ctx, op, mount_fd, true, err);
        if (r < 0)
                return r;
        /* That what is at /proc is procfs and no fake of a hostile root (runc CVE-2019-16884). */
        struct statfs fs;
        r = root_open(ctx->root_fd, op->dest, true, &check);
        if (r == 0 && fstatfs(check, &fs) < 0)
                r = -errno;
        if (r == 0 && fs.f_type != PROC_SUPER_MAGIC)
                r = -EXDEV;
        return r < 0 ? op_failed(op, r, "checking the procfs at", err) : 0;
}

static int op_sysfs(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int mount_fd = FD_NONE;
        int r = mount_new("sysfs", NULL, 0, mount_safe_attrs(true) | MOUNT_ATTR_NOEXEC, &mount_fd, err);
        return r < 0 ? r : rootfs_place(ctx, op, mount_fd, true, err);
}

/* Opens what is at op->dest already. Returns 1 when it is not there and the operation is optional. */
static int open_target(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err)
{
        int r = root_open(ctx->root_fd, op->dest, op->flags & OP_NO_FOLLOW, ret_fd);
        if (is_missing(r) && (op->flags & OP_OPTIONAL))
                return 1;
        return r < 0 ? op_failed(op, r, "opening", err) : 0;
}

static int op_mask(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int target = FD_NONE, mount_fd = FD_NONE;
        if (!defence_is_on(DEFENCE_MASKS))
                return 0;
        int r = open_target(ctx, op, &target, err);
        if (r != 0)
                return r < 0 ? r : 0;
        struct stat st;
        if (fstat(target, &st) < 0)
                return op_failed(op, -errno, "looking at", err);
        if (S_ISDIR(st.st_mode)) {
                const MountOption options[] = {{"mode", "555"}, {"nr_inodes", "1"}};
                r = mount_new("tmpfs", options, ARRAY_LEN(options),
                              mount_safe_attrs(true) | MOUNT_ATTR_NOEXEC, &mount_fd, err);
                if (r < 0)
                        return r;
        } else {
                r = mount_clone(AT_FDCWD, "/dev/null", false, &mount_fd);
                if (r == 0 && fstat(mount_fd, &st) < 0)
                        r = -errno;
                /* Not whatever somebody put at /dev/null (runc CVE-2025-31133). */
                if (r == 0 && (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)))
                        r = -ENODEV;
                if (r < 0)
                        return op_failed(op, r, "masking", err);
        }
        r = mount_attach(mount_fd, target);
        return r < 0 ? op_failed(op, r, "masking", err) : 0;
}

/* Binds what is at dest onto itself, read-only or as it is. */
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
        return r < 0 ? op_failed(op, r, "binding on itself", err) : 0;
}

static int op_pin(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        return defence_is_on(DEFENCE_PIN) ? bind_on_itself(ctx, op, 0, err) : 0;
}

static int op_read_only(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        return defence_is_on(DEFENCE_MOUNT_FLAGS) ? bind_on_itself(ctx, op, MOUNT_ATTR_RDONLY, err) : 0;
}

static int op_seal(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        int r = mount_set(ctx->root_fd, mount_safe_attrs(true), false);
        return r < 0 ? op_failed(op, r, "sealing", err) : 0;
}

static int (*const op_apply[])(RootfsContext *ctx, const PlanOp *op, Error *err) = {
        [OP_DIR] = op_dir,
        [OP_SYMLINK] = op_symlink,
        [OP_BIND] = op_bind,
        [OP_SCRATCH] = op_scratch,
        [OP_OVERLAY] = rootfs_op_overlay,
        [OP_FUSE] = rootfs_op_fuse,
        [OP_TMPFS] = op_tmpfs,
        [OP_PROC] = op_proc,
        [OP_SYSFS] = op_sysfs,
        [OP_DEV] = rootfs_op_dev,
        [OP_MASK] = op_mask,
        [OP_PIN] = op_pin,
        [OP_READ_ONLY] = op_read_only,
        [OP_SEAL] = op_seal,
};

int rootfs_prepare(const Plan *plan, Error *err)
{
        for (size_t i = 0; i < plan->n_ops; i++) {
                const PlanOp *op = &plan->ops[i];
                if (!op->source || !op->origin || (op->flags & OP_OPTIONAL))
                        continue;
                CLEANUP_FD int fd = open(op->source, O_PATH | O_CLOEXEC);
                if (fd < 0)
                        return error_set_errno(err, errno, "%s: %s", op->origin, op->source);
        }
        const PlanOp *root = &plan->ops[0];
        if (root->source && faccessat(AT_FDCWD, root->source, R_OK | X_OK, AT_EACCESS) < 0)
                return error_set_errno(err, errno, "the root directory %s", root->source);
        return 0;
}

/* Leaves the old root for good: pivot_root(2), "pivot_root(".", ".")". */
static int pivot(RootfsContext *ctx, Error *err)
{
        if (fchdir(ctx->root_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
                return error_set_errno(err, errno, "changing to the new root");
        if (umount2(".", MNT_DETACH) < 0)
                return error_set_errno(err, errno, "leaving the old root");
        if (chdir("/") < 0)
                return error_set_errno(err, errno, "entering the new root");
        ctx->root_fd = fd_close(ctx->root_fd);
        return 0;
}

/*
 * A working directory outside the root would be a way back to the host (runc CVE-2024-21626): getcwd(2) says
 * "(unreachable)" or ENOENT then.
 */
static int enter_cwd(const Plan *plan, Error *err)
{
        char here[4096];
        if (chdir(plan->cwd) < 0)
                return error_set_errno(err, errno, "the working directory %s", plan->cwd);
        if (!defence_is_on(DEFENCE_CWD))
                return 0;
        long n = syscall(SYS_getcwd, here, sizeof(here));
        if (n < 0 || here[0] != '/')
                return error_set(err, EXDEV, "the working directory %s is not inside the sandbox", plan->cwd);
        return 0;
}

int rootfs_apply(RootfsContext *ctx, Error *err)
{
        const Plan *plan = ctx->plan;
        if (defence_is_on(DEFENCE_PRIVATE_MOUNTS) && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return error_set_errno(err, errno, "making the mounts private");
        (void)umask(0);
        for (size_t i = 0; i < plan->n_ops; i++) {
                int r = op_apply[plan->ops[i].kind](ctx, &plan->ops[i], err);
                if (r < 0)
                        return error_set_errno(err, r, "%s: operation on %s", op_origin(&plan->ops[i]),
                                               plan->ops[i].dest);
        }
        (void)umask(0022);
        int r = pivot(ctx, err);
        return r < 0 ? r : enter_cwd(plan, err);
}
