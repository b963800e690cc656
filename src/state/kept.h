/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept sandboxes: $XDG_STATE_HOME/kurung/kept/NAME (0700, owned by the user) with a record and the
 * directories of each layer. A process that works on a sandbox holds the lock of its directory (flock(2)).
 */
#pragma once

#include "state/kept_record.h"
#include "state/state.h"

/** An open sandbox, which is locked. */
typedef struct Kept {
        RunDir dir;
        KeptRecord record;
} Kept;

#define KEPT_NONE ((Kept){.dir = RUN_DIR_NONE})

/**
 * kept_create - create the directory of a new sandbox in plan->storage.runs_dir, lock it, and write its
 * record.
 *
 * @name: NULL: generate a readable one. @spec, @work_dir: as in KeptRecord. @ret: ret->name is the name.
 *
 * Returns 0; -EINVAL (invalid name), -EEXIST, -errno with @err.
 */
int kept_create(const Plan *plan, const char *name, const StrList *spec, const char *work_dir, RunDir *ret,
                Error *err);

/**
 * kept_from_run - turn the directory of a run, which was not to be kept, into a kept sandbox, after the run
 * failed.
 *
 * @spec, @work_dir: as with kept_create(). @exit_code: the result of the run. @userns_fd: as with
 * run_dir_remove().
 * @run: becomes that of the kept sandbox, including the name. @ret_path: its path; owned.
 *
 * Returns 0; -EXDEV if state and cache are on different file systems; -errno with @err.
 */
int kept_from_run(const Plan *plan, const StrList *spec, const char *work_dir, int exit_code, int userns_fd,
                  RunDir *run, char **ret_path, Error *err);

/** kept_for_plan - convert a kept sandbox for plan_make(). Borrows from @kept; kept_for_plan_clear() frees
 * the rest. Returns 0 or -ENOMEM with @err. */
int kept_for_plan(const Kept *kept, PlanKept *ret, Error *err);
void kept_for_plan_clear(PlanKept *kept);

/** kept_resume - record the new payload, and remove work directories of a killed run. Returns 0 or -errno
 * with @err. */
int kept_resume(Kept *kept, const Plan *plan, Error *err);

/**
 * kept_record_host - record the host's directories of the uppers (hostdirs_record()), once no process writes
 * to them and before kept_end().
 *
 * @resumed: the run was one of kept_resume(), and began then. Returns 0 or -errno with @err.
 */
int kept_record_host(const RunDir *dir, bool resumed, Error *err);

/** kept_list - list all names, sorted. Returns 0 or -errno with @err. */
int kept_list(StrList *ret, Error *err);

/** kept_peek - read the record without the lock, which a running sandbox holds. Returns 0 or -errno with
 * @err. */
int kept_peek(const char *name, KeptRecord *ret, Error *err);

/** kept_end - record the payload's end, and remove directories that only a running sandbox needs. Returns 0
 * or -errno with @err. */
int kept_end(const RunDir *dir, int exit_code, int userns_fd, Error *err);

/**
 * kept_open - open and lock a sandbox.
 *
 * Returns 0; -ENOENT; -EBUSY if it is running, or another process works on it; -EPERM, -EBADMSG with @err.
 * kept_clear() closes it.
 */
int kept_open(const char *name, Kept *ret, Error *err);

/** kept_open_running - open a sandbox whose lock its supervisor holds, only to read the changes so far. The
 * command writes to the layers meanwhile. Returns 0 or -errno with @err. */
int kept_open_running(const char *name, Kept *ret, Error *err);

/** kept_open_dir - like kept_open(), without reading the record, for a sandbox with an unreadable record. */
int kept_open_dir(const char *name, RunDir *ret, Error *err);

/** kept_refuse_interrupted - refuse a sandbox of which an apply was interrupted: its journal knows where the
 * user's original files are. Returns 0 or -EBUSY with @err. */
int kept_refuse_interrupted(const Kept *kept, Error *err);

void kept_clear(Kept *kept);
