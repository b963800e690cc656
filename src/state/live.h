/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running sandboxes: one file each in $XDG_RUNTIME_DIR/kurung (0700, the user's own), locked (flock(2)) by
 * its supervisor for as long as that lives. A file whose lock is free is what a killed one left.
 */
#pragma once

#include "mech/namespaces.h"

#include <time.h>

/** What is known of a running sandbox. */
typedef struct LiveRecord {
        pid_t supervisor, init;
        uint64_t supervisor_started; /* field 22 of proc_pid_stat(5): with the pid, which process it is */
        int userns;                  /* the supervisor's descriptors of the namespaces; FD_NONE: none */
        int ns[NS_MAX];
        struct timespec started;
        bool kept;      /* what it writes is kept under its name */
        char *filter;   /* SeccompFilter.key */
        char *cgroup;   /* the payload's group as a path; NULL: none */
        char *unit;     /* the scope that holds it; NULL: none */
        char *work_dir; /* the host's; NULL: none */
        StrList spec;   /* as spec_store() has it */
        StrList text;   /* the plan's lines, as plan_print() has them */
        Plan plan;      /* of a plan only what joining takes */
} LiveRecord;

#define LIVE_RECORD_NONE ((LiveRecord){.userns = FD_NONE, .ns = {[0 ... NS_MAX - 1] = FD_NONE}})

void live_record_clear(LiveRecord *record);

/** live_record_print - as text; owned. 0 or -ENOMEM. */
int live_record_print(const LiveRecord *record, char **ret, size_t *ret_len);

/** live_record_parse - read it back, refused whole when a line is unknown, out of range or missing. 0,
 * -EBADMSG or -ENOMEM. */
int live_record_parse(char *text, LiveRecord *ret);

/** The supervisor's hold on its record. */
typedef struct LiveFile {
        int dir;
        int fd; /* holds the lock; FD_NONE: none */
        char name[64];
} LiveFile;

#define LIVE_FILE_NONE ((LiveFile){.dir = FD_NONE, .fd = FD_NONE})

/**
 * live_write - record a sandbox that has just been started. @record's plan, supervisor and supervisor_started
 * are filled in here.
 *
 * Returns 0 or -errno with @err: then it runs all the same, but can't be found by its name.
 */
int live_write(const Plan *plan, const char *name, LiveRecord *record, LiveFile *ret, Error *err);

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
