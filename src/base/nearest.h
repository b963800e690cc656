/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the known word that is nearest to a misspelled one. */
#pragma once

#include "base/util.h"

typedef struct Nearest {
        const char *word; /* as it was written */
        const char *best; /* NULL: none so far */
        size_t distance;  /* of best */
} Nearest;

#define NEAREST(text) ((Nearest){.word = (text), .distance = SIZE_MAX})

/** nearest_offer - compare with one more known word; NULL is ignored. Returns whether it is the best so far.
 */
bool nearest_offer(Nearest *n, const char *candidate);

/** nearest_is_close - return whether the best word is likely what was meant: at most a third of its letters
 * differ (an exchange of neighbours counts once), or the word is its beginning. */
bool nearest_is_close(const Nearest *n);
