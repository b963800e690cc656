/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running sandboxes: one file each in $XDG_RUNTIME_DIR/kurung (0700, the user's own), locked (flock(2)) by
 * its supervisor for as long as that lives. A file whose lock is free is what a killed one left.
 */
#pragma once

#include "state/live_record.h"

/** The supervisor's hold on its record. */
typedef struct LiveFile {
        int dir;
        int fd; /* holds the lock; FD_NONE: none */
        char name[64];
} LiveFile;

#define LIVE_FILE_NONE ((LiveFile){.dir = FD_NONE, .fd = FD_NONE})

/**
 * live_write - record a sandbox that has just been started.
 *
 * @live_dir: PlanStorage.live_dir; NULL: nowhere.
 *
 * Returns 0 or -errno with @err: then it runs all the same, but can't be found by its name.
 */
int live_write(const char *live_dir, const char *name, const LiveRecord *record, LiveFile *ret, Error *err);

/** live_remove - take it away, and a few that killed ones have left. */
void live_remove(LiveFile *file);

/** A running sandbox that was looked up. */
typedef struct Live {
        char name[64];
        int pidfd; /* its supervisor's */
        LiveRecord record;
} Live;

#define LIVE_NONE ((Live){.pidfd = FD_NONE, .record = LIVE_RECORD_NONE})

/**
 * live_open - look up one that runs.
 *
 * Its record is believed when it is the user's own, its lock is held, and the process that it names is the
 * one that wrote it.
 *
 * Returns 0; -EINVAL (no name), -ESRCH when no such sandbox runs, -EPERM, -EBADMSG, -errno with @err.
 */
int live_open(const char *name, Live *ret, Error *err);

/** live_list - the names of all that run; those that were killed are cleared. 0 or -errno with @err. */
int live_list(StrList *ret, Error *err);

/**
 * live_open_namespaces - open the namespaces that the supervisor holds, and see that they are a sandbox's:
 * the user namespace is a child of ours and our own user's, and all others belong to it.
 *
 * @ret_ns: FD_NONE where it has none of its own.
 *
 * Returns 0 or -errno with @err.
 */
int live_open_namespaces(const Live *live, int *ret_userns, int ret_ns[NS_MAX], Error *err);

/**
 * live_stop - SIGTERM to the payload, and after @grace_ms the end of all inside.
 *
 * Returns 0 once its supervisor has ended; -errno with @err.
 */
int live_stop(const Live *live, unsigned grace_ms, Error *err);

/** The signal that makes a supervisor end its sandbox at once. */
#define LIVE_SIGNAL_END SIGRTMIN

void live_clear(Live *live);
