/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept sandboxes: $XDG_STATE_HOME/kurung/kept/NAME (0700, the user's own) with a record and the directories
 * of each layer. Whoever works on one holds its directory's lock (flock(2)).
 */
#pragma once

#include "state/kept_record.h"
#include "state/state.h"

/** A sandbox that was opened, and is locked. */
typedef struct Kept {
        RunDir dir;
        KeptRecord record;
} Kept;

#define KEPT_NONE ((Kept){.dir = RUN_DIR_NONE})

/**
 * kept_create - make the directory of a new one in plan->storage.runs_dir, lock it, write its record.
 *
 * @name: NULL: a readable one is made up. @spec, @work_dir: as KeptRecord has them. @ret: ret->name is the
 * name.
 *
 * Returns 0; -EINVAL (no name), -EEXIST, -errno with @err.
 */
int kept_create(const Plan *plan, const char *name, const StrList *spec, const char *work_dir, RunDir *ret,
                Error *err);

/**
 * kept_from_run - make a kept sandbox of the directory of a run that was not to be kept, and can't end as it
 * should.
 *
 * @spec, @work_dir: as for kept_create(). @exit_code: what the run comes to. @userns_fd: as for
 * run_dir_remove().
 * @run: the kept one's from now on, name included. @ret_path: where it is; owned.
 *
 * Returns 0; -EXDEV when state and cache are on different file systems, -errno with @err.
 */
int kept_from_run(const Plan *plan, const StrList *spec, const char *work_dir, int exit_code, int userns_fd,
                  RunDir *run, char **ret_path, Error *err);

/** kept_for_plan - what plan_make() takes of it; borrows from @kept, kept_for_plan_clear() frees the rest. 0
 * or -ENOMEM with @err. */
int kept_for_plan(const Kept *kept, PlanKept *ret, Error *err);
void kept_for_plan_clear(PlanKept *kept);

/** kept_resume - note the new payload, and remove what a killed run left of work directories. 0 or -errno
 * with
 * @err. */
int kept_resume(Kept *kept, const Plan *plan, Error *err);

/** kept_list - the names of all, sorted. 0 or -errno with @err. */
int kept_list(StrList *ret, Error *err);

/** kept_peek - its record without the lock, which a running one holds. 0 or -errno with @err. */
int kept_peek(const char *name, KeptRecord *ret, Error *err);

/** kept_end - note the payload's end, and remove what only a running one needs. 0 or -errno with @err. */
int kept_end(const RunDir *dir, int exit_code, int userns_fd, Error *err);

/**
 * kept_open - open and lock one.
 *
 * Returns 0; -ENOENT; -EBUSY when it runs, or somebody else works on it; -EPERM, -EBADMSG with @err.
 * kept_clear() closes it.
 */
int kept_open(const char *name, Kept *ret, Error *err);

/** kept_open_dir - the same without reading the record, for one whose record can't be read. */
int kept_open_dir(const char *name, RunDir *ret, Error *err);

void kept_clear(Kept *kept);
