/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an upper directory holds, compared with the lower, as a stream of changes. The cost grows with the
 * upper: of the lower only that is looked at which the upper has something for, and directories that it
 * replaced.
 */
#pragma once

#include "base/error.h"
#include "changes/change.h"
#include "changes/layer.h"
#include "changes/select.h"
#include "plan/plan.h"

typedef struct WalkOptions {
        const Selection *selection;
        const IdMap *uid_map, *gid_map; /* of the sandbox; NULL: ids are shown as they are */
        bool want_content;              /* files come with an open descriptor */
        bool only_named_scratch; /* layers over nothing only where a path of the selection is in them */
        /*
         * Called once, when the upper holds something that can't be read: gets the rights to read all of it.
         * From then on ids are those inside. Returns 0 or -errno. NULL: there is no such way.
         */
        int (*gain)(void *userdata);
        void *userdata;
} WalkOptions;

typedef struct WalkTotal {
        uint64_t entries;
        uint64_t bytes; /* of data */
} WalkTotal;

/**
 * walk_layers - tell the changes of the layers to @sink: LAYER events and what is between them, no END.
 *
 * @sandbox_fd: the directory that holds upper-NAME for each.
 *
 * What can't be read or is forged is told as CHANGE_REFUSED. Returns 0; -errno of @sink; -errno with @err
 * when a layer itself can't be opened, or it changed while it was read.
 */
int walk_layers(int sandbox_fd, const ChangesLayer *layers, size_t n, const WalkOptions *options,
                ChangeSink sink, void *userdata, Error *err);

/** walk_count - how much walk_layers() would tell of, without looking at any lower. */
int walk_count(int sandbox_fd, const ChangesLayer *layers, size_t n, const WalkOptions *options,
               WalkTotal *ret, Error *err);

/** walk_is_wanted - whether anything of the layer is asked for. */
bool walk_is_wanted(const ChangesLayer *layer, const WalkOptions *options);
