/* SPDX-License-Identifier: Apache-2.0 */
/* Doing a plan: the supervisor and its stages. */
#pragma once

#include "plan/plan.h"
#include "run/report.h"
#include "state/kept.h"

/** What is not of the plan. All is borrowed. */
typedef struct RunOptions {
        const char *keep_name; /* with plan->storage.keep, the name under which what is written is kept; NULL:
                                  one is made up and printed */
        Kept *resume; /* the kept sandbox that is gone on in; its directory is taken over. NULL: none */
        const StrList *spec;  /* as spec_store() has it */
        const char *work_dir; /* the host's, NULL: none */
        bool quiet_name;      /* a name that was made up is not printed */
        bool count_dropped;   /* what was written and is not kept: RunReport.dropped */
} RunOptions;

/**
 * run_plan - run the plan's payload in its sandbox and wait for its end. Prints notices of what goes on while
 * it runs (a helper that died); undoes everything at the end.
 *
 * @ret: what came of it; ret->exit_code is what to exit with when 0 is returned: the payload's own status, or
 *       128 + the signal. Filled also on failure, as far as anything is known. run_report_clear() frees it.
 *
 * Returns 0, or -errno with @err (err->exit_code says what to exit with).
 */
int run_plan(const Plan *plan, const RunOptions *options, RunReport *ret, Error *err);

/**
 * run_create - make the sandbox of a plan whose payload is detached, and leave it: a process in it waits
 * until run_start() lets it become the payload. Nothing of kurung's stays beside it; who reaps it is its
 * parent then, as of any process whose own parent has ended.
 *
 * @ret_pid: that process, as the caller sees it.
 *
 * Returns 0, or -errno with @err; -ENOTSUP when the plan has what a supervisor has to be there for: a network
 * of kurung's own, fuse-overlayfs, limits.
 */
int run_create(const Plan *plan, const RunOptions *options, pid_t *ret_pid, Error *err);

/**
 * run_start - start the payload of a sandbox that run_create() has made.
 *
 * @socket: connected to the plan's start_socket; the caller's.
 *
 * Returns 0 once the payload is executed, or -errno with @err when it could not be.
 */
int run_start(int socket, Error *err);
