/* SPDX-License-Identifier: Apache-2.0 */
/* Executes the plan's operations in order, and enters the new root. */
#include "mech/rootfs.h"

#include "base/defence.h"
#include "base/fds.h"
#include "base/path.h"
#include "mech/rootfs_ops.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int rootfs_op_failed(const PlanOp *op, int r, const char *what, Error *err)
{
        return error_set_errno(err, r, "%s: cannot %s '%s'", fs_op_origin(op), what, op->dest);
}

static const struct {
        unsigned flag, attribute;
} attributes[] = {{OP_RDONLY, MOUNT_ATTR_RDONLY},         {OP_NOEXEC, MOUNT_ATTR_NOEXEC},
                  {OP_NOATIME, MOUNT_ATTR_NOATIME},       {OP_STRICTATIME, MOUNT_ATTR_STRICTATIME},
                  {OP_NODIRATIME, MOUNT_ATTR_NODIRATIME}, {OP_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW}};

unsigned rootfs_attributes(const PlanOp *op)
{
        unsigned attrs = (op->flags & OP_ALLOW_DEV ? 0 : MOUNT_ATTR_NODEV) |
                         (op->flags & OP_ALLOW_SUID ? 0 : MOUNT_ATTR_NOSUID);
        for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
                if (op->flags & attributes[i].flag)
                        attrs |= attributes[i].attribute;
        return defence_is_on(DEFENCE_MOUNT_FLAGS)
                       ? attrs
                       : attrs & ~(unsigned)(MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY);
}

int rootfs_propagate(const PlanOp *op, int mount_fd, Error *err)
{
        static const unsigned long types[] = {[FS_PROPAGATION_NONE] = 0,
                                              [FS_PROPAGATION_PRIVATE] = MS_PRIVATE,
                                              [FS_PROPAGATION_SLAVE] = MS_SLAVE,
                                              [FS_PROPAGATION_SHARED] = MS_SHARED,
                                              [FS_PROPAGATION_UNBINDABLE] = MS_UNBINDABLE};
        if (op->propagation == FS_PROPAGATION_NONE)
                return 0;
        int r = mount_propagate(mount_fd, types[op->propagation], op->flags & OP_PROPAGATE_BELOW);
        return r < 0 ? rootfs_op_failed(op, r, "set the propagation of", err) : 0;
}

static bool id_is_mapped(const IdMap *map, uint32_t inside)
{
        for (size_t i = 0; i < map->n; i++)
                if (inside - map->items[i].inside < map->items[i].count)
                        return true;
        return false;
}

int rootfs_own(const PlanIdentity *identity, int fd)
{
        if (!id_is_mapped(&identity->uid_map, 0) || !id_is_mapped(&identity->gid_map, 0))
                return 0;
        return fchownat(fd, "", 0, 0, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

int rootfs_give(const PlanOp *op, int fd, Error *err)
{
        if (!op->has_owner || fchownat(fd, "", op->uid, op->gid, AT_EMPTY_PATH) == 0)
                return 0;
        return error_set_errno(err, errno, "%s: cannot give '%s' to %u:%u", fs_op_origin(op), op->dest,
                               op->uid, op->gid);
}

int rootfs_chmod(int fd, mode_t mode)
{
        return chmod(fd_path(fd).text, mode & 07777) < 0 ? -errno : 0;
}

/* Attaches on top of the old root, which stays "/" for this process until the pivot, so that sources can be
 * found by path. */
static int attach_on_root(int mount_fd)
{
        CLEANUP_FD int target = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return target < 0 ? -errno : mount_attach(mount_fd, target);
}

int rootfs_make_mount_point(RootfsContext *ctx, const PlanOp *op, bool directory, int *ret_fd, Error *err)
{
        CLEANUP_FD int fd = FD_NONE;
        struct stat st;
        bool no_follow = op->flags & OP_NO_FOLLOW, found = op->flags & OP_MUST_EXIST;
        int r = found ? root_open(ctx->root_fd, op->dest, no_follow, &fd)
                      : root_make(ctx->root_fd, op->dest, directory, directory ? 0755 : 0444, no_follow, &fd);
        if (found && r == -ENOENT)
                return error_set(err, ENOENT,
                                 "%s: the mount point '%s' does not exist, and kurung creates nothing in a "
                                 "directory of the host: create it first",
                                 fs_op_origin(op), op->dest);
        if (r == 0 && fstat(fd, &st) < 0)
                r = -errno;
        /* The target of a link decides; the kernel would only report "Not a directory" or "Invalid
         * argument". */
        if (r == 0 && S_ISDIR(st.st_mode) != directory)
                return error_set(err, directory ? ENOTDIR : EISDIR,
                                 "%s: '%s' is a %s inside the sandbox, and a %s cannot be mounted on it",
                                 fs_op_origin(op), op->dest, directory ? "file" : "directory",
                                 directory ? "directory" : "file");
        if (r < 0)
                return rootfs_op_failed(op, r, "create the mount point", err);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* Replaces an earlier root, and detaches it with everything in it: pivot_root(2) would leave only one of
 * several roots that are stacked in one place. */
static int become_root(RootfsContext *ctx, const PlanOp *op, int mount_fd, Error *err)
{
        struct stat st;
        int r = fstat(mount_fd, &st) < 0 ? -errno : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
        if (r == 0 && ctx->root_fd >= 0 && umount2(fd_path(ctx->root_fd).text, MNT_DETACH) < 0)
                r = -errno;
        ctx->root_fd = fd_close(ctx->root_fd);
        if (r == 0)
                r = attach_on_root(mount_fd);
        if (r == 0 && (ctx->root_fd = fcntl(mount_fd, F_DUPFD_CLOEXEC, 3)) < 0)
                r = -errno;
        return r < 0 ? rootfs_op_failed(op, r, "attach the new root at", err) : 0;
}

/* Attaches a detached mount at op->dest; that of the first operation, or at "/", becomes the root. */
static int attach(RootfsContext *ctx, const PlanOp *op, int mount_fd, Error *err)
{
        CLEANUP_FD int target = FD_NONE;
        struct stat st;
        int r;
        if (ctx->root_fd < 0 || str_eq(op->dest, "/"))
                return become_root(ctx, op, mount_fd, err);
        if (fstat(mount_fd, &st) < 0)
                return rootfs_op_failed(op, -errno, "examine the source of", err);
        r = rootfs_make_mount_point(ctx, op, S_ISDIR(st.st_mode), &target, err);
        if (r < 0)
                return r;
        r = mount_attach(mount_fd, target);
        return r < 0 ? rootfs_op_failed(op, r, "mount on", err) : 0;
}

int rootfs_layer_open(RootfsContext *ctx, const PlanOp *op, const char *side, int *ret_fd, Error *err)
{
        char path[PLAN_LAYER_PATH_MAX];
        int dir = op->flags & OP_IN_MEMORY ? ctx->memory_fd : ctx->run_fd;
        bool fuse = op->kind == OP_FUSE;
        bool may_exist =
                !(op->flags & OP_IN_MEMORY) && (ctx->spare || (ctx->resume && str_eq(side, "upper")));
        if (fuse && mkdirat(dir, plan_layer_path(true, op->layer, NULL, path), 0700) < 0 && errno != EEXIST)
                return rootfs_op_failed(op, -errno, "create a layer for", err);
        (void)plan_layer_path(fuse, op->layer, side, path);
        if (mkdirat(dir, path, 0700) < 0 && !(may_exist && errno == EEXIST))
                return rootfs_op_failed(op, -errno, "create a layer for", err);
        int fd = openat(dir, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return rootfs_op_failed(op, -errno, "open a layer for", err);
        *ret_fd = fd;
        return 0;
}

/* Refuses a file that was not found when its path was looked up: it cannot be recognised. */
static int check_found(const PlanOp *op, const char *path, const FileId *id, Error *err)
{
        if (!op->origin || id->known || (op->flags & OP_OPTIONAL))
                return 0;
        CLEANUP_FD int fd = open(path, O_PATH | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(err, errno, "%s: cannot open '%s'", op->origin, path);
        return error_set(err, EBUSY,
                         "%s: '%s' was replaced while the sandbox started (run the command again)",
                         op->origin, path);
}

/* The content is read later, after the mounts before it. Whether the descriptor is readable is checked
 * now. */
static int check_readable(const PlanOp *op, Error *err)
{
        struct stat st = {0};
        int flags = fcntl(op->source_fd, F_GETFL);
        int r = flags < 0 || fstat(op->source_fd, &st) < 0 ? -errno : 0;
        if (r == 0 && ((flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY))
                r = -EBADF;
        if (r == 0 && S_ISDIR(st.st_mode))
                r = -EISDIR;
        return r < 0 ? error_set_errno(err, r, "%s: cannot read descriptor %d for '%s'", fs_op_origin(op),
                                       op->source_fd, op->dest)
                     : 0;
}

static int check_sources(const PlanOp *op, Error *err)
{
        int r = op->source_kind == FS_SOURCE_PATH         ? check_found(op, op->source, &op->source_id, err)
                : op->source_kind == FS_SOURCE_DESCRIPTOR ? check_readable(op, err)
                                                          : 0;
        for (size_t i = 0; r == 0 && i < op->n_lowers; i++)
                r = check_found(op, op->lowers[i].path, &op->lowers[i].id, err);
        if (r == 0 && op->upper.path)
                r = check_found(op, op->upper.path, &op->upper.id, err);
        if (r == 0 && op->work.path)
                r = check_found(op, op->work.path, &op->work.id, err);
        return r;
}

int rootfs_prepare(const PlanRoot *root, Error *err)
{
        for (size_t i = 0; i < root->n_ops; i++) {
                int r = check_sources(&root->ops[i], err);
                if (r < 0) {
                        (void)error_at(err, ERROR_SOURCE, (int)i);
                        return r;
                }
        }
        const PlanOp *first = root->ops;
        if (root->n_ops > 0 && first->source_kind == FS_SOURCE_PATH &&
            faccessat(AT_FDCWD, first->source, R_OK | X_OK, AT_EACCESS) < 0)
                return error_set_errno(err, errno, "cannot open the root directory '%s'", first->source);
        return 0;
}

/*
 * "/.." leads to mounts above the root, so there must be none: neither the old root nor a temporary one.
 * STATX_MNT_ID: statx(2), since Linux 5.8.
 */
static int check_root_is_on_top(Error *err)
{
        struct statx root, above;
        if (statx(AT_FDCWD, "/", 0, STATX_INO | STATX_MNT_ID, &root) < 0 ||
            statx(AT_FDCWD, "/..", 0, STATX_INO | STATX_MNT_ID, &above) < 0)
                return error_set_errno(err, errno, "cannot examine the new root");
        if (root.stx_mnt_id != above.stx_mnt_id || root.stx_ino != above.stx_ino ||
            root.stx_dev_major != above.stx_dev_major || root.stx_dev_minor != above.stx_dev_minor)
                return error_set(err, EXDEV, "something is mounted above the new root");
        return 0;
}

/* Returns whether operations make the root itself shared. */
static bool root_is_shared(const PlanRoot *root)
{
        FsPropagation last = FS_PROPAGATION_NONE;
        for (size_t i = 0; i < root->n_ops; i++) {
                const PlanOp *op = &root->ops[i];
                bool replaces = rootfs_op_kinds[op->kind]->make;
                if (str_eq(op->dest, "/") && (replaces || op->propagation != FS_PROPAGATION_NONE))
                        last = op->propagation;
        }
        return last == FS_PROPAGATION_SHARED;
}

/* Leaves the old root permanently: pivot_root(2), "pivot_root(".", ".")". The kernel refuses a shared root,
 * so it becomes shared again afterwards. A slave of the host's mounts stays one. */
static int pivot(RootfsContext *ctx, Error *err)
{
        bool shared = root_is_shared(ctx->root);
        int r = shared ? mount_propagate(ctx->root_fd, MS_SLAVE, false) : 0;
        if (r == 0 && (fchdir(ctx->root_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0))
                r = -errno;
        if (r < 0)
                return error_set_errno(err, r, "cannot change to the new root");
        if (umount2(".", MNT_DETACH) < 0)
                return error_set_errno(err, errno, "cannot leave the old root");
        if (chdir("/") < 0)
                return error_set_errno(err, errno, "cannot enter the new root");
        if (shared && (r = mount_propagate(ctx->root_fd, MS_SHARED, false)) < 0)
                return error_set_errno(err, r, "cannot share the new root");
        ctx->root_fd = fd_close(ctx->root_fd);
        return check_root_is_on_top(err);
}

/*
 * A working directory outside of the root would lead back to the host (runc CVE-2024-21626): then getcwd(2)
 * returns "(unreachable)" or ENOENT. If a mount covers the directory, its name leads to another one.
 */
int rootfs_enter_cwd(const char *cwd, Error *err)
{
        char here[PATH_MAX];
        struct stat by_name, st;
        if (chdir(cwd) < 0)
                return error_set_errno(err, errno, "cannot enter the working directory '%s'", cwd);
        if (!defence_is_on(DEFENCE_CWD))
                return 0;
        long n = syscall(SYS_getcwd, here, sizeof(here));
        if (n < 0 || here[0] != '/' || stat(here, &by_name) < 0 || stat(".", &st) < 0 ||
            by_name.st_dev != st.st_dev || by_name.st_ino != st.st_ino)
                return error_set(err, EXDEV, "the working directory '%s' is not inside the sandbox", cwd);
        return 0;
}

int rootfs_new_tmpfs(const char *mode, uint64_t size, unsigned attrs, int *ret_fd, Error *err)
{
        char bytes[24], inodes[24];
        uint64_t pages = size / 4096;
        bool bounded = size > 0 && defence_is_on(DEFENCE_MEMORY_SHARE);
        (void)snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)size);
        (void)snprintf(inodes, sizeof(inodes), "%llu", (unsigned long long)(pages < 4096 ? 4096 : pages));
        const MountOption options[] = {{"mode", mode}, {"size", bytes}, {"nr_inodes", inodes}};
        return mount_new("tmpfs", options, bounded ? 3 : 1, attrs, ret_fd, err);
}

/*
 * The run directory is such a place. A run with all layers in memory has none. Then it is /sys: rootfs_make()
 * has already cloned it, and no overlay covers it. On "/" the mount would end up above the new root, or the
 * old root could not be left.
 */
int rootfs_attach_unseen(const RootfsContext *ctx, int mount_fd, Error *err)
{
        CLEANUP_FD int sys = FD_NONE;
        if (ctx->run_fd < 0 && (sys = open("/sys", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
                return error_set_errno(err, errno, "cannot use /sys as a mount point");
        int r = mount_attach(mount_fd, ctx->run_fd >= 0 ? ctx->run_fd : sys);
        return r < 0 ? error_set_errno(err, r, "cannot mount a layer of the system") : 0;
}

/* Makes a tmpfs for the uppers in memory. */
static int make_memory(RootfsContext *ctx, Error *err)
{
        CLEANUP_FD int fd = FD_NONE;
        int r = rootfs_new_tmpfs("700", ctx->root->uppers_size, mount_safe_attrs(false), &fd, err);
        if (r == 0)
                r = rootfs_attach_unseen(ctx, fd, err);
        if (r == 0)
                ctx->memory_fd = TAKE_FD(fd);
        return r;
}

/* If a kind has no source, OP_OPTIONAL means that dest may be missing. */
static bool is_optional_and_missing(RootfsContext *ctx, const PlanOp *op)
{
        CLEANUP_FD int fd = FD_NONE;
        if (!(op->flags & OP_OPTIONAL) || op_kinds[op->kind].sources != 0)
                return false;
        int r = root_open(ctx->root_fd, op->dest, true, &fd);
        return r == -ENOENT || r == -ENOTDIR || r == -ELOOP;
}

/* Creates the missing directories above the destination with the operation's own mode for them. */
static int make_parents(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        if (op->parents == 0 || ctx->root_fd < 0)
                return 0;
        CLEANUP_FREE char *path = path_parent(op->dest);
        CLEANUP_FD int there = FD_NONE;
        if (!path)
                return error_no_memory(err);
        if (root_open(ctx->root_fd, path, false, &there) != -ENOENT)
                return 0;
        int r = 0;
        for (char *slash = strchr(path + 1, '/'); r == 0; slash = strchr(slash + 1, '/')) {
                CLEANUP_FD int made = FD_NONE;
                if (slash)
                        *slash = '\0';
                r = root_make(ctx->root_fd, path, true, op->parents, false, &made);
                if (!slash)
                        break;
                *slash = '/';
        }
        return r < 0 ? rootfs_op_failed(op, r, "create the directory of", err) : 0;
}

static int apply_op(RootfsContext *ctx, size_t i, Error *err)
{
        const PlanOp *op = &ctx->root->ops[i];
        const RootfsOpKind *kind = rootfs_op_kinds[op->kind];
        int r = 0;
        if (kind->apply)
                return (r = make_parents(ctx, op, err)) < 0 ? r : kind->apply(ctx, op, err);
        if (is_optional_and_missing(ctx, op))
                return 0;
        CLEANUP_FD int mount_fd = TAKE_FD(ctx->made[i]);
        if (mount_fd < 0)
                r = kind->make(ctx, op, &mount_fd, err);
        if (r < 0 || mount_fd < 0)
                return r;
        /* Except fuse-overlayfs, which shows its upper's owner; that was already changed. */
        if ((op->flags & OP_ROOT_OWNED) && op->kind != OP_FUSE)
                r = rootfs_own(ctx->identity, mount_fd);
        if (r == 0)
                r = rootfs_give(op, mount_fd, err);
        if (r == 0)
                r = rootfs_propagate(op, mount_fd, err);
        if (r == 0)
                r = make_parents(ctx, op, err);
        if (r == 0)
                r = attach(ctx, op, mount_fd, err);
        if (r == 0 && kind->finish)
                r = kind->finish(ctx, op, mount_fd, err);
        return r;
}

static int failed(const RootfsContext *ctx, size_t i, int r, Error *err)
{
        (void)rootfs_op_failed(&ctx->root->ops[i], r, "execute the operation on", err);
        (void)error_at(err, ERROR_OPERATION, (int)i);
        return r;
}

int rootfs_make(RootfsContext *ctx, Error *err)
{
        const PlanRoot *root = ctx->root;
        unsigned long type = root->propagation == FS_PROPAGATION_SLAVE ? MS_SLAVE : MS_PRIVATE;
        if (defence_is_on(DEFENCE_PRIVATE_MOUNTS) && mount(NULL, "/", NULL, MS_REC | type, NULL) < 0)
                return error_set_errno(err, errno, "cannot set the propagation of the host's mounts");
        ctx->made = malloc(root->n_ops * sizeof(*ctx->made));
        if (!ctx->made)
                return error_no_memory(err);
        for (size_t i = 0; i < root->n_ops; i++)
                ctx->made[i] = FD_NONE;
        for (size_t i = 0; i < root->n_ops; i++) {
                const PlanOp *op = &root->ops[i];
                const RootfsOpKind *kind = rootfs_op_kinds[op->kind];
                if (!kind->make || kind->needs_ids || (op->flags & OP_IN_MEMORY))
                        continue;
                int r = kind->make(ctx, op, &ctx->made[i], err);
                if (r < 0)
                        return failed(ctx, i, r, err);
        }
        return 0;
}

static bool needs_memory(const PlanRoot *root, const PlanOp *op)
{
        return (op->flags & OP_IN_MEMORY) || op->kind == OP_HOSTS ||
               (op->kind == OP_FILE && !root->files_dir);
}

int rootfs_apply(RootfsContext *ctx, Error *err)
{
        const PlanRoot *root = ctx->root;
        mode_t mask = umask(0);
        int r = 0;
        for (size_t i = 0; r == 0 && i < root->n_ops; i++)
                if (needs_memory(root, &root->ops[i]) && ctx->memory_fd < 0)
                        r = make_memory(ctx, err);
        for (size_t i = 0; r == 0 && i < root->n_ops; i++) {
                r = apply_op(ctx, i, err);
                if (r < 0)
                        r = failed(ctx, i, r, err);
        }
        (void)umask(mask);
        if (r == 0)
                r = pivot(ctx, err);
        return r < 0 ? r : rootfs_enter_cwd(ctx->cwd, err);
}

void rootfs_clear(RootfsContext *ctx)
{
        for (size_t i = 0; ctx->made && i < ctx->root->n_ops; i++)
                fd_close(ctx->made[i]);
        free(ctx->made);
        ctx->made = NULL;
        for (size_t i = 0; i < ctx->root->n_ops; i++)
                /* Descriptors 0 to 2 stay open, because they belong to the payload: otherwise the next opened
                 * file would become one of them. */
                if (ctx->root->ops[i].source_kind == FS_SOURCE_DESCRIPTOR &&
                    ctx->root->ops[i].source_fd > STDERR_FILENO)
                        fd_close(ctx->root->ops[i].source_fd);
        ctx->run_fd = fd_close(ctx->run_fd);
        ctx->memory_fd = fd_close(ctx->memory_fd);
        ctx->root_fd = fd_close(ctx->root_fd);
        for (size_t i = 0; i < ARRAY_LEN(ctx->view_fds); i++)
                ctx->view_fds[i] = fd_close(ctx->view_fds[i]);
        ctx->empty_fd = fd_close(ctx->empty_fd);
}
