/* SPDX-License-Identifier: Apache-2.0 */
/* Makes everything that is not a mount, or a mount of a single file: directories, links, files with a given
 * content, permissions. */
#include "base/io.h"
#include "mech/rootfs_ops.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>

static int set_owner(RootfsContext *ctx, const PlanOp *op, int fd, Error *err)
{
        int r = op->flags & OP_ROOT_OWNED ? rootfs_own(ctx->identity, fd) : 0;
        return r < 0 ? rootfs_op_failed(op, r, "set the owner of", err) : rootfs_give(op, fd, err);
}

/* Sets permissions and owner of a new file. */
static int set_permissions(RootfsContext *ctx, const PlanOp *op, int fd, Error *err)
{
        int r = rootfs_chmod(fd, op->mode);
        return r < 0 ? rootfs_op_failed(op, r, "set the permissions of", err) : set_owner(ctx, op, fd, err);
}

static int apply_dir(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int fd = FD_NONE;
        struct stat st;
        bool no_follow = op->flags & OP_NO_FOLLOW;
        /* rootfs_apply() has set the umask to 0; mkdir(2) takes no other bits than these. */
        if (!(op->mode & ~(mode_t)01777) && root_make_new(ctx->root_fd, op->dest, true, op->mode, &fd) == 0)
                return set_owner(ctx, op, fd, err);
        int r = root_open(ctx->root_fd, op->dest, no_follow, &fd);
        if (r == 0)
                return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)
                               ? 0
                               : rootfs_op_failed(op, -ENOTDIR, "create the directory", err);
        r = root_make(ctx->root_fd, op->dest, true, 0755, no_follow, &fd);
        return r < 0 ? rootfs_op_failed(op, r, "create the directory", err)
                     : set_permissions(ctx, op, fd, err);
}

/* Compares an existing file with the link to create. Returns 0 if it is the same link. */
static int compare_link(const PlanOp *op, int parent, const char *name, Error *err)
{
        char there[PATH_MAX];
        ssize_t n = readlinkat(parent, name, there, sizeof(there) - 1);
        if (n < 0 && errno != EINVAL)
                return rootfs_op_failed(op, -errno, "read the symlink", err);
        if (n < 0)
                return error_set(
                        err, EEXIST,
                        "%s: cannot create the symlink '%s': destination exists and is not a symlink",
                        fs_op_origin(op), op->dest);
        there[n] = '\0';
        return str_eq(there, op->source) ? 0
                                         : error_set(err, EEXIST,
                                                     "%s: cannot create the symlink '%s': existing "
                                                     "destination is %.200s",
                                                     fs_op_origin(op), op->dest, there);
}

static int apply_symlink(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int parent = FD_NONE;
        const char *name;
        int r = root_open_parent(ctx->root_fd, op->dest, &parent, &name);
        if (r == 0 && symlinkat(op->source, parent, name) < 0)
                r = -errno;
        if (r == -EEXIST)
                return compare_link(op, parent, name, err);
        return r < 0 ? rootfs_op_failed(op, r, "create the symlink", err) : 0;
}

static int apply_chmod(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int fd = FD_NONE;
        int r = root_open(ctx->root_fd, op->dest, op->flags & OP_NO_FOLLOW, &fd);
        if (r == 0 && op->has_mode)
                r = rootfs_chmod(fd, op->mode);
        return r < 0 ? rootfs_op_failed(op, r, "set the permissions of", err) : rootfs_give(op, fd, err);
}

static int write_text(RootfsContext *ctx, const PlanOp *op, int to)
{
        CLEANUP_FREE char *text = NULL;
        int r = rootfs_file_text(ctx, op, &text);
        return r < 0 ? r : io_write_all(to, text, strlen(text));
}

/* Reads one piece, and waits if the descriptor does not block. Returns the number of bytes, 0 at the end, or
 * -errno. */
static ssize_t read_piece(int from, void *buffer, size_t room)
{
        struct pollfd p = {.fd = from, .events = POLLIN};
        for (;;) {
                ssize_t n = read(from, buffer, room);
                if (n >= 0 || (errno != EINTR && errno != EAGAIN))
                        return n < 0 ? -errno : n;
                if (errno == EAGAIN)
                        (void)poll(&p, 1, -1);
        }
}

/* Copies a pipe, or a file from its current position, to its end. */
static int copy_descriptor(const PlanOp *op, int to, Error *err)
{
        char buffer[65536];
        for (;;) {
                ssize_t n = read_piece(op->source_fd, buffer, sizeof(buffer));
                if (n < 0)
                        return error_set_errno(err, (int)n, "%s: cannot read descriptor %d for '%s'",
                                               fs_op_origin(op), op->source_fd, op->dest);
                if (n == 0)
                        return 0;
                int r = io_write_all(to, buffer, (size_t)n);
                if (r < 0)
                        return rootfs_op_failed(op, r, "write", err);
        }
}

static int write_content(RootfsContext *ctx, const PlanOp *op, int to, Error *err)
{
        if (op->source_kind == FS_SOURCE_DESCRIPTOR)
                return copy_descriptor(op, to, err);
        int r = op->flags & OP_SPECIFIERS ? write_text(ctx, op, to)
                                          : io_write_all(to, op->source, op->source_len);
        return r < 0 ? rootfs_op_failed(op, r, "write", err) : 0;
}

int rootfs_make_file(RootfsContext *ctx, const PlanOp *op, int dir, const char *name, const char *before,
                     Error *err)
{
        CLEANUP_FD int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        int r = fd < 0 ? -errno : io_write_all(fd, before, strlen(before));
        if (r < 0)
                return rootfs_op_failed(op, r, "write", err);
        r = write_content(ctx, op, fd, err);
        return r < 0 ? r : set_permissions(ctx, op, fd, err);
}

/*
 * Mounting a file requires an attached file system for its content. If the mount point cannot be created, as
 * in a read-only root without such a file, the content is not mounted.
 */
static int apply_file(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int dir = FD_NONE, mount_fd = FD_NONE, target = FD_NONE;
        const char *files_dir = ctx->root->files_dir;
        char number[32];
        (void)snprintf(number, sizeof(number), "file-%zu", (size_t)(op - ctx->root->ops));
        const char *name = files_dir ? strrchr(op->dest, '/') + 1 : number;
        int r = 0;
        if (files_dir)
                r = root_make(ctx->root_fd, files_dir, true, 0755, true, &dir);
        else if ((dir = fcntl(ctx->memory_fd, F_DUPFD_CLOEXEC, 3)) < 0)
                r = -errno;
        if (r < 0)
                return rootfs_op_failed(op, r, "find a directory for the content of", err);
        r = rootfs_make_file(ctx, op, dir, name, "", err);
        if (r < 0)
                return r;
        r = mount_clone(dir, name, false, &mount_fd);
        if (r == 0)
                r = mount_set(mount_fd, rootfs_attributes(op), false);
        if (r < 0)
                return rootfs_op_failed(op, r, "mount the content of", err);
        r = rootfs_make_mount_point(ctx, op, false, &target, err);
        if (r == -EROFS && (op->flags & OP_OPTIONAL)) {
                *err = (Error){0};
                return 0;
        }
        if (r < 0)
                return r;
        r = mount_attach(mount_fd, target);
        return r < 0 ? rootfs_op_failed(op, r, "mount on", err) : rootfs_propagate(op, mount_fd, err);
}

static int apply_write(RootfsContext *ctx, const PlanOp *op, Error *err)
{
        CLEANUP_FD int parent = FD_NONE, there = FD_NONE;
        const char *name;
        int r = root_open(ctx->root_fd, op->dest, false, &there);
        if (r == -ENOENT) {
                r = root_open_parent(ctx->root_fd, op->dest, &parent, &name);
                return r < 0 ? rootfs_op_failed(op, r, "create the directory of", err)
                             : rootfs_make_file(ctx, op, parent, name, "", err);
        }
        struct stat st;
        if (r == 0 && fstat(there, &st) < 0)
                r = -errno;
        /* Opening a fifo or a device in a foreign root could block, or have an effect. */
        if (r == 0 && !S_ISREG(st.st_mode))
                return error_set(err, EEXIST, "%s: '%s' exists already and is no file", fs_op_origin(op),
                                 op->dest);
        CLEANUP_FD int fd = r < 0 ? r : io_reopen(there, O_WRONLY | O_TRUNC);
        return fd < 0 ? rootfs_op_failed(op, fd, "write", err) : write_content(ctx, op, fd, err);
}

const RootfsOpKind rootfs_do_dir = {.apply = apply_dir};
const RootfsOpKind rootfs_do_symlink = {.apply = apply_symlink};
const RootfsOpKind rootfs_do_chmod = {.apply = apply_chmod};
const RootfsOpKind rootfs_do_file = {.apply = apply_file};
const RootfsOpKind rootfs_do_write = {.apply = apply_write};
