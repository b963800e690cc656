/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox's root: one loop over the plan's operations, and the pivot into it. */
#pragma once

#include "plan/plan.h"

/**
 * What the operations need beside the plan. Filled by the setup stage.
 */
typedef struct RootfsContext {
        const Plan *plan;
        int run_fd;  /* the run's own directory (upper/, work/), or FD_NONE when no operation has a layer */
        int root_fd; /* the new root, once its first operation is done */
        /* Hands an opened /dev/fuse, whose mount is made, to whoever starts fuse-overlayfs for operation
         * @index. */
        int (*serve_fuse)(void *userdata, size_t index, int fuse_fd, Error *err);
        void *userdata;
} RootfsContext;

/**
 * rootfs_prepare - look, before any process exists, at what can be seen to fail: the sources of what was
 * asked for.
 *
 * Returns 0 or -errno with @err: "ORIGIN: PATH: why".
 */
int rootfs_prepare(const Plan *plan, Error *err);

/**
 * rootfs_apply - build the root and make it this process's. Called in the new user and mount namespaces, ids
 * mapped, all capabilities held. Afterwards nothing of the old root is reachable and the working directory is
 * plan->cwd.
 *
 * Returns 0 or -errno with @err.
 */
int rootfs_apply(RootfsContext *ctx, Error *err);
