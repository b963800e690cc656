/* SPDX-License-Identifier: Apache-2.0 */
/* The part of "kurung apply" that "kurung try" uses. */
#pragma once

#include "cmd/ask.h"

/** The area of a change, for display. */
typedef enum ApplyArea {
        APPLY_PROJECT, /* the working directory */
        APPLY_HOME,
        APPLY_SYSTEM,
        APPLY_AREAS,
} ApplyArea;

/** The number of changes by outcome. */
typedef struct ApplyResult {
        uint64_t taken;
        uint64_t declined; /* the answer was "no" */
        uint64_t left[APPLY_AREAS];
        bool home_unasked; /* changes of the home remain because it is a private one */
} ApplyResult;

/**
 * apply_review - apply the kept sandbox @name as "kurung apply" does, or with @choose as "kurung apply
 * --interactive --home", asking @asker (borrowed; NULL: nobody). Prints skipped changes and errors.
 *
 * Returns 0, or an exit status; then @ret is not valid.
 */
int apply_review(const char *name, bool choose, Asker *asker, ApplyResult *ret);
