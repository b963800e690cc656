/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the changes of a run that are lost with its directory, before the directory is removed. */
#pragma once

#include "plan/plan.h"

/* Maximum count per area; beyond it there are "more than" so many. */
#define DROPPED_MAX 1000

/** Added, changed or deleted files, links and new directories, per area. */
typedef struct RunDropped {
        unsigned project, home, system;
        bool more; /* some entries were not examined */
} RunDropped;

/**
 * dropped_count - count the changes that the user would miss: those of the working directory and of the home,
 * and those of the system if the payload was its root. Caches, shell histories, and mount points that kurung
 * created are not counted.
 *
 * The payload controlled the uppers: no link is followed, no file is opened, and the number of entries, the
 * depth and the descriptors are limited. A directory that cannot be read (of a subordinate id) counts as one.
 *
 * @run_fd: the run directory, with those of the layers (plan_layer_path()).
 */
void dropped_count(const Plan *plan, int run_fd, RunDropped *ret);

/** dropped_any - return whether anything was written, including caches; also true if this cannot be
 * determined. */
bool dropped_any(const Plan *plan, int run_fd);
