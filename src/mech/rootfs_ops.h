/* SPDX-License-Identifier: Apache-2.0 */
/* Operations of the root that have a file of their own. Shared inside mech/rootfs*.c only. */
#pragma once

#include "base/mount.h"
#include "mech/rootfs.h"

/** How a kind of operation is done: a mount that is made and put in its place, or something else. */
typedef struct RootfsOpKind {
        /* The detached mount; @ret_fd is left alone when there is nothing to do. */
        int (*make)(RootfsContext *ctx, const PlanOp *op, int *ret_fd, Error *err);
        bool needs_ids; /* make works only with mapped ids */
        /* After it is in its place. */
        int (*finish)(RootfsContext *ctx, const PlanOp *op, int mount_fd, Error *err);
        /* Instead of make: an operation without a mount, or on what is there. */
        int (*apply)(RootfsContext *ctx, const PlanOp *op, Error *err);
} RootfsOpKind;

/** Indexed by FsOpKind; NULL: a request, which no plan has. */
extern const RootfsOpKind *const rootfs_op_kinds[OP_MAX];

#define OP_KIND(id, symbol, ...) extern const RootfsOpKind rootfs_do_##symbol;
#include "spec/fs_op_kinds.def"

/** rootfs_op_failed - fill @err: "ORIGIN: cannot WHAT 'DEST': strerror". Returns @r. */
int rootfs_op_failed(const PlanOp *op, int r, const char *what, Error *err);

/** rootfs_attributes - the MOUNT_ATTR_* flags that an operation's mount gets. */
unsigned rootfs_attributes(const PlanOp *op);

/** rootfs_propagate - give a mount the operation's propagation, if it has one. 0 or -errno with @err. */
int rootfs_propagate(const PlanOp *op, int mount_fd, Error *err);

/** rootfs_make_place - open the place of a mount, a directory or a file; it is made where it is missing,
 * unless the host would keep it. 0 or -errno with @err. */
int rootfs_make_place(RootfsContext *ctx, const PlanOp *op, bool directory, int *ret_fd, Error *err);

/** rootfs_layer_open - make and open "SIDE/LAYER" (upper or work) of an operation, O_PATH. 0 or -errno with
 * @err. */
int rootfs_layer_open(RootfsContext *ctx, const PlanOp *op, const char *side, int *ret_fd, Error *err);

/** rootfs_file_text - the text of an OP_FILE operation; owned. 0 or -errno. */
int rootfs_file_text(RootfsContext *ctx, const PlanOp *op, char **ret);

/**
 * rootfs_new_tmpfs - a detached tmpfs.
 *
 * @mode: of its root, octal. @size: bytes, 0: the kernel's default; there is an inode for each page, as the
 * kernel has it, but at least 4096. The rest is as with mount_new().
 */
int rootfs_new_tmpfs(const char *mode, uint64_t size, unsigned attrs, int *ret_fd, Error *err);

/** rootfs_own - give the open file to the sandbox's root where that id is mapped; else nothing. 0 or -errno.
 */
int rootfs_own(const PlanIdentity *identity, int fd);

/** rootfs_give - give the open file to the operation's owner, if it has one. 0 or -errno with @err. */
int rootfs_give(const PlanOp *op, int fd, Error *err);

/** rootfs_chmod - set the permissions of an open file; @fd may be O_PATH, which fchmod(2) refuses. Before the
 * pivot, as it takes the old root's /proc. 0 or -errno. */
int rootfs_chmod(int fd, mode_t mode);
