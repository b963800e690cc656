/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the host's files that operations take. */
#pragma once

#include "plan/plan.h"

/**
 * rootfs_source_open - open op->source, O_PATH, in this process's mount namespace. It is the very file that
 * the supervisor saw when it looked the path up, or an error: whoever can rename something on the way, as the
 * payload of another sandbox, could lead the path elsewhere meanwhile. No symbolic link is followed.
 *
 * A file without op->source_id belongs to the system, where only root can exchange something.
 *
 * @ret_fd: the caller's; untouched unless 0 is returned.
 *
 * Returns 0; 1 when it is not there and the operation is optional; -errno with @err, -EBUSY for another file.
 */
int rootfs_source_open(const PlanOp *op, int *ret_fd, Error *err);

/** rootfs_file_open - the same for another file of the host that an operation takes: a lower, an upper. */
int rootfs_file_open(const PlanOp *op, const FsFile *file, int *ret_fd, Error *err);

/**
 * rootfs_source_check - the same for what was opened already: that @fd is the file that @known (another
 * descriptor, of any mount namespace) is. 0, or -EBUSY with @err, which names @path.
 */
int rootfs_source_check(int fd, int known, const char *path, Error *err);
