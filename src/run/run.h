/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a plan, by the supervisor and its stages. */
#pragma once

#include "plan/plan.h"
#include "run/report.h"
#include "state/kept.h"

/** The parameters of a run that are not in the plan. All are borrowed. */
typedef struct RunOptions {
        const char *keep_name; /* with plan->storage.keep, the name of the kept sandbox; NULL: a name is
                                  generated and printed */
        Kept *resume;          /* the kept sandbox to resume, whose directory is taken over; NULL: none */
        const StrList *spec;   /* as spec_store() formats it */
        const char *work_dir;  /* working directory of the host; NULL: none */
        bool quiet_name;       /* do not print a generated name */
        bool count_dropped;    /* count the changes that are not kept: RunReport.dropped */
        /* Called when the first process of the sandbox exists, with all its namespaces, and waits for its
         * ids; NULL: not needed. @pid: as the caller sees it. Returns 0 or -errno with @err. */
        int (*born)(void *userdata, pid_t pid, Error *err);
        void *userdata;
} RunOptions;

/**
 * run_plan - run the plan's payload in its sandbox and wait for its exit. Prints notices while it runs (about
 * a helper that exited), and undoes everything at the end.
 *
 * @ret: the result; ret->exit_code is the exit status if run_plan() returns 0: the payload's status, or 128 +
 * the signal. Filled also on failure, as far as known. run_report_clear() frees it.
 *
 * Returns 0, or -errno with @err (err->exit_code is the exit status).
 */
int run_plan(const Plan *plan, const RunOptions *options, RunReport *ret, Error *err);

/**
 * run_create - create the sandbox of a plan with a detached payload, and leave it: a process in it waits
 * until run_start() makes it the payload. No process of kurung stays outside. Like any orphaned process, the
 * waiting process is then a child of the process that reaps orphans.
 *
 * @ret_pid: the waiting process, as the caller sees it.
 *
 * Returns 0, or -errno with @err; -ENOTSUP if the plan requires a supervisor: for a network of kurung,
 * fuse-overlayfs, or limits.
 */
int run_create(const Plan *plan, const RunOptions *options, pid_t *ret_pid, Error *err);

/**
 * run_start - start the payload of a sandbox that run_create() has created.
 *
 * @socket: connected to the plan's start_socket; borrowed.
 *
 * Returns 0 after exec, or -errno with @err if the payload could not be executed.
 */
int run_start(int socket, Error *err);
