/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations shared by the files that execute operations, mech/rootfs*.c. */
#pragma once

#include "base/mount.h"
#include "mech/rootfs.h"

/** The execution of a kind of operation: make a mount and attach it, or do something else. */
typedef struct RootfsOpKind {
        /* Makes the detached mount; @ret_fd is untouched if there is nothing to do. */
        int (*make)(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err);
        bool needs_ids; /* make requires mapped ids */
        /* Called after the mount is attached. */
        int (*finish)(RootfsContext *ctx, const PlanOp *op, int mount_fd, Error *err);
        /* Replaces make: for an operation without a mount, or on an existing file. */
        int (*apply)(RootfsContext *ctx, const PlanOp *op, Error *err);
} RootfsOpKind;

/** Indexed by FsOpKind; NULL: a request, which no plan has. */
extern const RootfsOpKind *const rootfs_op_kinds[OP_MAX];

#define OP_KIND(id, symbol, ...) extern const RootfsOpKind rootfs_do_##symbol;
#include "spec/fs_op_kinds.def"

/** rootfs_op_failed - fill @err: "ORIGIN: cannot WHAT 'DEST': strerror". Returns @r. */
int rootfs_op_failed(const PlanOp *op, int r, const char *what, Error *err);

/** rootfs_attributes - return the MOUNT_ATTR_* flags of an operation's mount. */
unsigned rootfs_attributes(const PlanOp *op);

/** rootfs_propagate - set the operation's propagation on a mount, if it has one. Returns 0 or -errno with
 * @err. */
int rootfs_propagate(const PlanOp *op, int mount_fd, Error *err);

/** rootfs_make_mount_point - open a mount point, a directory or a file. A missing one is created, unless it
 * is in a directory of the host. Returns 0 or -errno with @err. */
int rootfs_make_mount_point(RootfsContext *ctx, const PlanOp *op, bool directory, int *ret_fd, Error *err);

/** rootfs_layer_open - create and open (O_PATH) a directory of an operation's layer (plan_layer_path()).
 * @side: "upper" or "work". Returns 0 or -errno with @err. */
int rootfs_layer_open(RootfsContext *ctx, const PlanOp *op, const char *side, int *ret_fd, Error *err);

/**
 * rootfs_attach_unseen - attach a detached mount where nothing of the host is looked up any more, in the old
 * root, with which it disappears: overlays require attached layers. Returns 0 or -errno with @err.
 */
int rootfs_attach_unseen(const RootfsContext *ctx, int mount_fd, Error *err);

/** rootfs_file_text - make the text of a FILE or HOSTS operation. @ret: owned. Returns 0 or -errno. */
int rootfs_file_text(RootfsContext *ctx, const PlanOp *op, char **ret);

/**
 * rootfs_make_file - create the file @name in @dir, with the content, permissions and owner of an operation.
 *
 * @before: a text that precedes the operation's content, which may be empty.
 *
 * Returns 0 or -errno with @err.
 */
int rootfs_make_file(RootfsContext *ctx, const PlanOp *op, int dir, const char *name, const char *before,
                     Error *err);

/**
 * rootfs_new_tmpfs - make a detached tmpfs.
 *
 * @mode: of its root, octal. @size: bytes, 0: the kernel's default; it has one inode per page, like the
 * kernel's default, but at least 4096. Everything else is like mount_new().
 */
int rootfs_new_tmpfs(const char *mode, uint64_t size, unsigned attrs, int *ret_fd, Error *err);

/** rootfs_own - make the sandbox's root the owner of an open file, if that id is mapped; otherwise do
 * nothing. Returns 0 or -errno. */
int rootfs_own(const PlanIdentity *identity, int fd);

/** rootfs_give - change the owner of an open file to the operation's, if it has one. Returns 0 or -errno with
 * @err. */
int rootfs_give(const PlanOp *op, int fd, Error *err);

/** rootfs_chmod - set the permissions of an open file; @fd may be O_PATH, which fchmod(2) refuses. Called
 * before the pivot, because it uses the old root's /proc. Returns 0 or -errno. */
int rootfs_chmod(int fd, mode_t mode);
