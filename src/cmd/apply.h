/* SPDX-License-Identifier: Apache-2.0 */
/* What "kurung try" needs of "kurung apply": to do it, and to know what is left afterwards. */
#pragma once

#include "cmd/ask.h"

/** Where a change lies, as people think of it. */
typedef enum ApplyPlace {
        APPLY_PROJECT, /* the working directory */
        APPLY_HOME,
        APPLY_SYSTEM,
        APPLY_PLACES,
} ApplyPlace;

/** What became of the changes, by their number. */
typedef struct ApplyResult {
        uint64_t taken;
        uint64_t declined; /* somebody answered "no" */
        uint64_t left[APPLY_PLACES];
        bool home_unasked; /* what is left in the home was not asked for, as it is a private one */
} ApplyResult;

/**
 * apply_review - apply the kept sandbox @name as "kurung apply" does, or with @choose as "kurung apply
 * --interactive --home", asking @asker (borrowed; NULL: nobody). Says what it could not take, and errors.
 *
 * Returns 0, or what a command would exit with: nothing is known of the changes then.
 */
int apply_review(const char *name, bool choose, Asker *asker, ApplyResult *ret);
