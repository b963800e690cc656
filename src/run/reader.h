/* SPDX-License-Identifier: Apache-2.0 */
/* The stage that reads a kept sandbox's changes: a separate process, which gets more rights only if they are
 * needed. */
#pragma once

#include "changes/walk.h"
#include "state/kept.h"

typedef struct ReaderOptions {
        Selection selection;
        bool want_content;
        bool only_named_scratch;
        bool no_images;  /* skip the changes of an image's files */
        bool want_total; /* send a TOTAL event first */
} ReaderOptions;

/**
 * reader_run - call @sink for all changes of @kept, in this process, while the stage reads ahead.
 *
 * Returns 0 after CHANGE_EVENT_END; the result of @sink; -errno with @err.
 */
int reader_run(const Kept *kept, const ReaderOptions *options, ChangeSink sink, void *userdata, Error *err);
