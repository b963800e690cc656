/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running sandboxes: one file each in $XDG_RUNTIME_DIR/kurung (0700, owned by the user; see Host.live_home).
 * The supervisor holds the lock of the file (flock(2)) until it exits, so an unlocked file belongs to a
 * killed one.
 */
#pragma once

#include "state/live_record.h"

/** The supervisor's lock of its record. */
typedef struct LiveFile {
        int dir;
        int fd; /* holds the lock; FD_NONE: none */
        char name[64];
} LiveFile;

#define LIVE_FILE_NONE ((LiveFile){.dir = FD_NONE, .fd = FD_NONE})

/**
 * live_write - record a sandbox that has just started.
 *
 * @live_dir: PlanStorage.live_dir; NULL: none.
 *
 * Returns 0, or -errno with @err: then the sandbox still runs, but other commands cannot find it.
 */
int live_write(const char *live_dir, const char *name, const LiveRecord *record, LiveFile *ret, Error *err);

/** live_remove - remove the record, and some records of killed sandboxes. */
void live_remove(LiveFile *file);

/** A running sandbox that was looked up. */
typedef struct Live {
        char name[64];
        int pidfd; /* of its supervisor */
        LiveRecord record;
} Live;

#define LIVE_NONE ((Live){.pidfd = FD_NONE, .record = LIVE_RECORD_NONE})

/**
 * live_open - look up a running sandbox.
 *
 * Its record is valid if it belongs to the user, its lock is held, and the process that it names is the one
 * that wrote it.
 *
 * Returns 0; -EINVAL (invalid name), -ESRCH if no such sandbox is running, -EPERM, -EBADMSG, -errno with
 * @err.
 */
int live_open(const char *name, Live *ret, Error *err);

/** live_has - return whether there is a record of this name, whatever it holds. */
bool live_has(const char *name);

/** live_list - list the names of running sandboxes, and remove records of killed ones. Returns 0 or -errno
 * with @err. */
int live_list(StrList *ret, Error *err);

/**
 * live_open_namespaces - open the namespaces that the supervisor holds, and check that they belong to a
 * sandbox: the user namespace is a child of the current one and was created by this user, and all others
 * belong to it.
 *
 * @ret_ns: FD_NONE for kinds that the sandbox does not have.
 *
 * Returns 0 or -errno with @err.
 */
int live_open_namespaces(const Live *live, int *ret_userns, int ret_ns[NS_MAX], Error *err);

/**
 * live_stop - send SIGTERM to the payload, through its supervisor, and after @grace_ms kill all processes
 * inside.
 *
 * Returns 0 after the supervisor has exited; -errno with @err.
 */
int live_stop(const Live *live, unsigned grace_ms, Error *err);

/** The signal that makes a supervisor end its sandbox at once. */
#define LIVE_SIGNAL_END SIGRTMIN

void live_clear(Live *live);
