/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Homes that are kept (Home=persist:NAME): $XDG_STATE_HOME/kurung/homes/NAME (0700). A run that uses one
 * holds its lock (flock(2)) together with others; who removes it holds it alone.
 */
#pragma once

#include "state/discard.h"

/** home_take - make storage->home_name when it is missing, and lock it. @ret_fd: holds the lock. 0 or -errno
 * with
 * @err. */
int home_take(const PlanStorage *storage, int *ret_fd, Error *err);

/** home_list - the names of all, sorted. 0 or -errno with @err. */
int home_list(StrList *ret, Error *err);

/** A home, as people are told of it. */
typedef struct Home {
        RunDir dir;
        bool in_use; /* a sandbox that runs has it */
} Home;

#define HOME_NONE ((Home){.dir = RUN_DIR_NONE})

/** home_open - look at one. 0; -EINVAL (no name), -ENOENT, -errno with @err. home_clear() closes it. */
int home_open(const char *name, Home *ret, Error *err);
void home_clear(Home *home);

/**
 * home_discard - remove one with all that is in it.
 *
 * @identity: with ids of which files may be in it. @watch: as kept_discard() has it.
 *
 * Returns 0; -EINVAL, -ENOENT; -EBUSY while a sandbox uses it; -errno with @err.
 */
int home_discard(const char *name, const PlanIdentity *identity, const DiscardWatch *watch, Error *err);
