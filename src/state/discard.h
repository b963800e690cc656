/* SPDX-License-Identifier: Apache-2.0 */
/* Removes a kept sandbox. */
#pragma once

#include "state/kept.h"

/** The progress of a removal. */
typedef struct DiscardCount {
        _Atomic uint64_t files, bytes;             /* removed so far */
        _Atomic uint64_t files_total, bytes_total; /* total; 0: unknown */
} DiscardCount;

/** The receiver of progress reports. */
typedef struct DiscardWatch {
        void (*update)(void *userdata, const DiscardCount *count);
        void *userdata;
} DiscardWatch;

/**
 * kept_discard - remove the sandbox @name with all its files, including those of its subordinate ids.
 *
 * @watch: called often, and at the end; NULL: no reports, and nothing is counted.
 *
 * Returns 0; the result of kept_open_dir() or kept_refuse_interrupted(); -errno with @err if something
 * remains.
 */
int kept_discard(const char *name, const DiscardWatch *watch, Error *err);

/** discard_own_ids - make an identity (kept_remove_entry()) with all ids that the user's sandboxes can have.
 * plan_identity_clear() frees it. Returns 0 or -errno with @err. */
int discard_own_ids(PlanIdentity *ret, Error *err);

/** kept_remove_entry - remove one entry of @dirfd, including files of subordinate ids of @identity. Returns 0
 * or -errno with @err. */
int kept_remove_entry(int dirfd, const char *name, const PlanIdentity *identity, const DiscardWatch *watch,
                      Error *err);
