/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox's root: one loop over the plan's operations, and the pivot into it. */
#pragma once

#include "plan/plan.h"

/**
 * What the operations need beside the plan. Filled by the setup stage.
 */
typedef struct RootfsContext {
        const PlanRoot *root;
        const PlanIdentity *identity;
        const char *cwd; /* where the payload starts, inside */
        const char *host_name;
        bool resume; /* its layers are there already */
        int run_fd;  /* the run's own directory (upper-LAYER, work-LAYER), or FD_NONE when no operation has a
                      * layer there
                      */
        int memory_fd; /* the same on a tmpfs, for operations with OP_IN_MEMORY, and files; made when needed
                        */
        int home_fd;   /* the kept home as the supervisor holds it, or FD_NONE; not this context's to close */
        int root_fd;   /* the new root, once its first operation is done */
        int empty_fd;  /* an empty read-only directory, mounted: masks are copies of it */
        int *made;     /* for each operation a mount that rootfs_make() made already, or FD_NONE */
        /* Hands an opened /dev/fuse, whose mount is made, to whoever starts fuse-overlayfs for operation
         * @index. */
        int (*serve_fuse)(void *userdata, size_t index, int fuse_fd, Error *err);
        /* Nothing is at the destination of operation @index, which has OP_TELL_MISSING. */
        void (*tell_missing)(void *userdata, size_t index);
        /* Waits until we are in the run's control group, and makes it the root of a namespace. */
        int (*enter_cgroup)(void *userdata, Error *err);
        void *userdata;
} RootfsContext;

/**
 * rootfs_prepare - look, before any process exists, at what can be seen to fail: the sources of what was
 * asked for, and descriptors whose content is read.
 *
 * Returns 0 or -errno with @err: "ORIGIN: cannot open 'PATH': why".
 */
int rootfs_prepare(const PlanRoot *root, Error *err);

/**
 * rootfs_make - make the detached mounts that need no mapped ids, while the maps are still being written.
 * Called in the new user and mount namespaces. 0 or -errno with @err.
 */
int rootfs_make(RootfsContext *ctx, Error *err);

/**
 * rootfs_apply - build the root and make it this process's. Called after rootfs_make(), ids mapped, all
 * capabilities held. Afterwards nothing of the old root is reachable and the working directory is cwd.
 *
 * Returns 0 or -errno with @err.
 */
int rootfs_apply(RootfsContext *ctx, Error *err);

/** rootfs_enter_cwd - change to cwd, which must lie inside the root. 0 or -errno with @err. */
int rootfs_enter_cwd(const char *cwd, Error *err);

/** rootfs_clear - close and free what the context holds, and close the descriptors that operations read, but
 * for descriptors 0 to 2. */
void rootfs_clear(RootfsContext *ctx);
