/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox's mounts, watched while it runs. When the file or directory that a mount lies on is removed or
 * replaced somewhere else (on the host, or in another sandbox that shares the directory), the kernel takes
 * the mount off in every mount namespace; when it is renamed, the mount goes with it, and something else may
 * come to its old place. Either way what was hidden or read-only would be so no more.
 */
#pragma once

#include "base/strlist.h"
#include "plan/plan.h"

typedef struct MountWatch {
        int fd; /* /proc/self/mountinfo of the setup stage; FD_NONE: nothing is watched. Poll it for POLLPRI
                 * (proc_pid_mountinfo(5)) */
        StrList mounts; /* one line of it for each mount that is still there */
        int renames;    /* inotify(7); FD_NONE: no mount lies in a directory of the host's */
        StrList paths;  /* what that watches, by the number of the watch, counted from 1 */
} MountWatch;

#define MOUNT_WATCH_NONE ((MountWatch){.fd = FD_NONE, .renames = FD_NONE})

/**
 * mount_watch_prepare - watch, before anything is mounted, what mounts will lie on in directories of the
 * host's, and the directories on the way to it.
 *
 * Returns 0; -errno with @err when something can't be watched: it could not be protected then.
 */
int mount_watch_prepare(MountWatch *w, const PlanRoot *root, Error *err);

/** mount_watch_begin - take the mounts as they are now. @fd becomes the watch's. 0 or -errno with @err. */
int mount_watch_begin(MountWatch *w, int fd, Error *err);

/**
 * mount_watch_look - after poll(2): what has gone since the last look.
 *
 * @plan: what its OP_FILE operations put in place may go with a line; they hide nothing.
 *
 * Returns 0; -ESTALE with @err when a mount has gone that the sandbox can't do without; -errno with @err when
 * that can't be found out.
 */
int mount_watch_look(MountWatch *w, const PlanRoot *root, Error *err);

/** mount_watch_look_at_renames - the same, after poll(2) of @w->renames for POLLIN. -ESTALE with @err. */
int mount_watch_look_at_renames(MountWatch *w, Error *err);

/** mount_watch_end - let it go, and with it the mount namespace that it holds. */
void mount_watch_end(MountWatch *w);
