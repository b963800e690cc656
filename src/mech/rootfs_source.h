/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the host's files that operations use. */
#pragma once

#include "plan/plan.h"

/**
 * rootfs_source_open - open op->source (O_PATH) in this process's mount namespace. It must be the file that
 * the supervisor found when it looked the path up: a process that can rename a directory on the path, such as
 * the payload of another sandbox, could redirect the path in the meantime. No symbolic link is followed.
 *
 * A file without op->source_id belongs to the system, where only root can replace files.
 *
 * @ret_fd: owned by the caller; untouched unless 0 is returned.
 *
 * Returns 0; 1 if it does not exist and the operation is optional; -errno with @err, -EBUSY for another file.
 */
int rootfs_source_open(const PlanOp *op, int *ret_fd, Error *err);

/** rootfs_file_open - like rootfs_source_open(), for another file of an operation: a lower, an upper. */
int rootfs_file_open(const PlanOp *op, const FsFile *file, int *ret_fd, Error *err);

/**
 * rootfs_source_check - check that the open @fd is the same file as @known, a descriptor of any mount
 * namespace. Returns 0, or -EBUSY with @err, which names @path.
 */
int rootfs_source_check(int fd, int known, const char *path, Error *err);
