/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content of an upper directory, compared with the lower, as a stream of changes. The cost grows with the
 * upper: only those entries of the lower are read that the upper has, and directories that it replaced.
 */
#pragma once

#include "base/error.h"
#include "changes/change.h"
#include "changes/hostdirs.h"
#include "changes/layer.h"
#include "changes/select.h"
#include "plan/plan.h"

typedef struct WalkOptions {
        const Selection *selection;
        const IdMap *uid_map, *gid_map; /* of the sandbox; NULL: ids are not mapped */
        bool want_content;              /* pass an open descriptor of each file */
        bool only_directories;          /* enter only those that the lower has, too, and compare nothing */
        bool only_named_scratch;        /* walk layers without a lower only if a selected path is in them */
        /* The recorded modes and attributes of directories: what the upper did not change is no change, even
         * if the lower's differ now. NULL: none. */
        const HostDirs *host;
        /*
         * Called once if the upper has an unreadable entry: gains the right to read everything. From then on
         * ids are those inside. Returns 0 or -errno. NULL: not possible.
         */
        int (*gain)(void *userdata);
        /* Opens the merged content of a layer's image of several layers, once rights were gained. Returns 0
         * or -errno. NULL: not possible. */
        int (*open_image)(void *userdata, const ChangesLayer *layer, int *ret_fd);
        bool no_images; /* skip layers over an image */
        void *userdata;
} WalkOptions;

typedef struct WalkTotal {
        uint64_t entries;
        uint64_t bytes; /* of data */
} WalkTotal;

/**
 * walk_layers - report the changes of the layers to @sink: LAYER events and their changes, without END.
 *
 * @sandbox_fd: the directory that contains upper-NAME for each layer.
 *
 * Unreadable and forged entries are reported as CHANGE_REFUSED. Returns 0; -errno of @sink; -errno with @err
 * if a layer cannot be opened or changed during the walk.
 */
int walk_layers(int sandbox_fd, const ChangesLayer *layers, size_t n, const WalkOptions *options,
                ChangeSink sink, void *userdata, Error *err);

/** walk_count - count the entries and bytes of walk_layers(), without reading any lower. */
int walk_count(int sandbox_fd, const ChangesLayer *layers, size_t n, const WalkOptions *options,
               WalkTotal *ret, Error *err);

/** walk_is_wanted - return whether the selection includes anything of the layer. */
bool walk_is_wanted(const ChangesLayer *layer, const WalkOptions *options);
