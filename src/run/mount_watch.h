/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches the sandbox's mounts while it runs. If the file or directory under a mount is removed or replaced
 * elsewhere (on the host, or in another sandbox that shares the directory), the kernel detaches the mount in
 * every mount namespace. If it is renamed, the mount moves with it, and another file may take its place. In
 * both cases, hidden or read-only files would become visible or writable.
 */
#pragma once

#include "base/strlist.h"
#include "plan/plan.h"

typedef struct MountWatch {
        int fd; /* /proc/self/mountinfo of the setup stage, to poll for POLLPRI (proc_pid_mountinfo(5));
                   FD_NONE: nothing is watched */
        StrList mounts; /* one line of it for each mount that still exists */
        int renames;    /* inotify(7); FD_NONE: no mount lies in a directory of the host */
        StrList paths;  /* the watched paths, by watch number, counted from 1 */
} MountWatch;

#define MOUNT_WATCH_NONE ((MountWatch){.fd = FD_NONE, .renames = FD_NONE})

/**
 * mount_watch_prepare - before anything is mounted, watch the files of the host on which mounts will lie, and
 * the directories that contain them.
 *
 * Returns 0; -errno with @err if a file cannot be watched, because then it could not be protected.
 */
int mount_watch_prepare(MountWatch *w, const PlanRoot *root, Error *err);

/** mount_watch_host_path - return the host's path on which the mount of operation @index lies, and the
 * operation that shares the directory around it. The caller owns the path; NULL: it lies in no directory of
 * the host, or no memory. */
char *mount_watch_host_path(const PlanRoot *root, size_t index, const PlanOp **ret_shared);

/** mount_watch_begin - record the current mounts. Takes ownership of @fd. Returns 0 or -errno with @err. */
int mount_watch_begin(MountWatch *w, int fd, Error *err);

/**
 * mount_watch_look - after poll(2): find the mounts that disappeared since the last call.
 *
 * @root: mounts of its FILE and HOSTS operations may disappear with a notice; they hide nothing.
 *
 * Returns 0; -ESTALE with @err if an indispensable mount has disappeared; -errno with @err if the mounts
 * cannot be read.
 */
int mount_watch_look(MountWatch *w, const PlanRoot *root, Error *err);

/** mount_watch_look_at_renames - after poll(2) of @w->renames for POLLIN: check whether a watched file was
 * renamed or removed. Returns 0, or -errno with @err, such as -ESTALE. */
int mount_watch_look_at_renames(MountWatch *w, Error *err);

/** mount_watch_end - stop watching, and release the mount namespace. */
void mount_watch_end(MountWatch *w);
