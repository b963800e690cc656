/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the sandbox's root: one loop over the plan's operations, and the pivot into it. */
#pragma once

#include "plan/plan.h"

/** The parameters of operations that are not in the plan. Filled by the setup stage. */
typedef struct RootfsContext {
        const PlanRoot *root;
        const PlanIdentity *identity;
        const char *cwd; /* initial working directory of the payload, inside */
        const char *host_name;
        bool resume;        /* the layers already exist */
        bool spare;         /* directories of layers may exist, and are empty */
        int run_fd;         /* the run directory (upper-LAYER, work-LAYER); FD_NONE: no layer is in it */
        int memory_fd;      /* the same on a tmpfs, for OP_IN_MEMORY, HOSTS and files; made on demand */
        int home_fd;        /* the kept home, held by the supervisor; FD_NONE: none; borrowed */
        int root_fd;        /* the new root, after its first operation */
        int view_fds[2];    /* the mounts of the view: of the programs, of the rest; FD_NONE: none */
        int empty_fd;       /* an empty read-only directory, mounted: masks are clones of it */
        int *made;          /* per operation, the mount of rootfs_make(), or FD_NONE */
        bool no_data_layer; /* the kernel has no data-only layers for user namespaces */
        /* Passes an open /dev/fuse, whose mount is made, to the process that starts the server of operation
         * @index. */
        int (*serve_fuse)(void *userdata, size_t index, int fuse_fd, Error *err);
        /* Reports that nothing exists at the destination of operation @index, which has OP_TELL_MISSING. */
        void (*tell_missing)(void *userdata, size_t index);
        /* Waits until this process is in the run's control group, and makes it the root of a namespace. */
        int (*enter_cgroup)(void *userdata, Error *err);
        void *userdata;
} RootfsContext;

/**
 * rootfs_prepare - before any process exists, check everything that can be expected to fail: the sources of
 * requests, and descriptors whose content is read.
 *
 * Returns 0 or -errno with @err: "ORIGIN: cannot open 'PATH': why".
 */
int rootfs_prepare(const PlanRoot *root, Error *err);

/**
 * rootfs_make - make the detached mounts that need no mapped ids, while the maps are still being written.
 * Called in the new user and mount namespaces. Returns 0 or -errno with @err.
 */
int rootfs_make(RootfsContext *ctx, Error *err);

/**
 * rootfs_apply - build the root and make it this process's. Called after rootfs_make(), with ids mapped and
 * all capabilities. Afterwards nothing of the old root is reachable, and the working directory is ctx->cwd.
 *
 * Returns 0 or -errno with @err.
 */
int rootfs_apply(RootfsContext *ctx, Error *err);

/** rootfs_enter_cwd - change to @cwd, which must be inside the root. Returns 0 or -errno with @err. */
int rootfs_enter_cwd(const char *cwd, Error *err);

/** rootfs_clear - close and free everything in the context, and close the descriptors that operations read,
 * except 0 to 2. */
void rootfs_clear(RootfsContext *ctx);
