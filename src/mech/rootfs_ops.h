/* SPDX-License-Identifier: Apache-2.0 */
/* Operations of the root that have a file of their own. Shared inside mech/rootfs*.c only. */
#pragma once

#include "mech/mount.h"
#include "mech/rootfs.h"

/** rootfs_place - put the detached mount @mount_fd at op->dest; the first operation's becomes the root. 0 or
 * -errno. */
int rootfs_place(RootfsContext *ctx, const PlanOp *op, int mount_fd, bool directory, Error *err);

/** rootfs_layer_open - make and open "SIDE/LAYER" (upper or work) of an operation, O_PATH. 0 or -errno. */
int rootfs_layer_open(RootfsContext *ctx, const PlanOp *op, const char *side, int *ret_fd, Error *err);

int rootfs_op_dev(RootfsContext *ctx, const PlanOp *op, Error *err);
int rootfs_op_overlay(RootfsContext *ctx, const PlanOp *op, Error *err);
int rootfs_op_fuse(RootfsContext *ctx, const PlanOp *op, Error *err);

/** rootfs_own - give the open file to the sandbox's root where that id is mapped; else nothing. 0 or -errno.
 */
int rootfs_own(const Plan *plan, int fd);
