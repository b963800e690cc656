/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept homes (Home=persist:NAME): $XDG_STATE_HOME/kurung/homes/NAME (0700). A run that uses one holds a
 * shared lock (flock(2)); a removal holds an exclusive one.
 */
#pragma once

#include "state/discard.h"

/** home_take - create storage->home_name if it is missing, and lock it. @ret_fd: holds the lock. Returns 0 or
 * -errno with @err. */
int home_take(const PlanStorage *storage, int *ret_fd, Error *err);

/** home_list - list all names, sorted. Returns 0 or -errno with @err. */
int home_list(StrList *ret, Error *err);

/** An open home, for commands that list homes. */
typedef struct Home {
        RunDir dir;
        bool in_use; /* a running sandbox uses it */
} Home;

#define HOME_NONE ((Home){.dir = RUN_DIR_NONE})

/** home_open - open a home. home_clear() closes it. Returns 0; -EINVAL (invalid name), -ENOENT, -errno with
 * @err. */
int home_open(const char *name, Home *ret, Error *err);
void home_clear(Home *home);

/**
 * home_discard - remove a home with all its files.
 *
 * @identity: the ids of files in it. @watch: as with kept_discard().
 *
 * Returns 0; -EINVAL, -ENOENT; -EBUSY while a sandbox uses it; -errno with @err.
 */
int home_discard(const char *name, const PlanIdentity *identity, const DiscardWatch *watch, Error *err);
