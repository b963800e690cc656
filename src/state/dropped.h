/* SPDX-License-Identifier: Apache-2.0 */
/* What a run wrote, and what is lost with its directory: counted before that is removed. */
#pragma once

#include "plan/plan.h"

/* So many of a kind are counted; after that there are "more than" so many. */
#define DROPPED_MAX 1000

/** Files, links and new directories that were added, changed or deleted, by where. */
typedef struct RunDropped {
        unsigned project, home, system;
        bool more; /* not all was looked at */
} RunDropped;

/**
 * dropped_count - count what the user would miss: changes of the working directory and of the home, and those
 * of the system where the payload was its root. Caches and shells' histories are not counted, nor is what
 * only kurung made there, as places of its mounts.
 *
 * The uppers were the payload's: no link is followed, no file opened, and the number of entries, the depth
 * and the descriptors are bounded, whatever is there. What can't be read (a subordinate id's) counts as one.
 *
 * @run_fd: the run's directory, with the layers' own (plan_layer_path()). @work_dir: the host's, NULL: none.
 */
void dropped_count(const Plan *plan, const char *work_dir, int run_fd, RunDropped *ret);

/** dropped_any - whether anything was written, caches and all; true when that can't be found out. */
bool dropped_any(const Plan *plan, int run_fd);
