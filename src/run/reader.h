/* SPDX-License-Identifier: Apache-2.0 */
/* The stage that reads a kept sandbox's changes: a process of its own, with more rights only where that is
 * needed. */
#pragma once

#include "changes/walk.h"
#include "state/kept.h"

typedef struct ReaderOptions {
        Selection selection;
        bool want_content;
        bool only_named_scratch;
        bool want_total; /* a TOTAL event comes first */
} ReaderOptions;

/**
 * reader_run - tell all changes of @kept to @sink, in this process, while the stage reads ahead.
 *
 * Returns 0 after CHANGE_EVENT_END; what @sink returned; -errno with @err.
 */
int reader_run(const Kept *kept, const ReaderOptions *options, ChangeSink sink, void *userdata, Error *err);
