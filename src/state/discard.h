/* SPDX-License-Identifier: Apache-2.0 */
/* Removing a kept sandbox. */
#pragma once

#include "state/kept.h"

/** How far a removal is. */
typedef struct DiscardCount {
        _Atomic uint64_t files, bytes;             /* that are gone */
        _Atomic uint64_t files_total, bytes_total; /* of all; 0: not known */
} DiscardCount;

/** Who wants to know while it is done. */
typedef struct DiscardWatch {
        void (*update)(void *userdata, const DiscardCount *count);
        void *userdata;
} DiscardWatch;

/**
 * kept_discard - remove the sandbox @name with all it wrote, also files of its subordinate ids.
 *
 * @watch: told often, and at the end; NULL: nobody, and nothing is counted.
 *
 * Returns 0; what kept_open_dir() returns; -errno with @err when something is left.
 */
int kept_discard(const char *name, const DiscardWatch *watch, Error *err);

/** discard_own_ids - the identity (kept_remove_entry()) with all the ids that the user's sandboxes can have.
 * 0 or -errno with @err. plan_identity_clear() frees it. */
int discard_own_ids(PlanIdentity *ret, Error *err);

/** kept_remove_entry - remove one entry of @dirfd, also where its files belong to subordinate ids of
 * @identity. 0 or -errno with @err. */
int kept_remove_entry(int dirfd, const char *name, const PlanIdentity *identity, const DiscardWatch *watch,
                      Error *err);
