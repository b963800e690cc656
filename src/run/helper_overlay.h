/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's side of fuse-overlayfs: starting it, handing it its device, hearing how it ended. */
#pragma once

#include "run/helper.h"
#include "run/session_messages.h"
#include "run/stages.h"

typedef struct OverlayHelper {
        Helper helper;
        OverlayStage stage; /* what its stage is born with */
        int joiner;         /* pidfd of the process that starts it; FD_NONE: it has ended */
        MessageCounts heard;
        bool served; /* its device was handed over, or there is nobody left to hand it to */
} OverlayHelper;

/**
 * overlay_helper_make - the server of one OP_FUSE operation, not started yet.
 *
 * @ctx: what stages are born with, borrowed; filled before it is started, as is ret->stage.userns.
 * @index: of the operation in the plan. @program: fuse-overlayfs, absolute, borrowed.
 *
 * Returns it; helpers_stop() closes what it holds.
 */
OverlayHelper overlay_helper_make(const StageContext *ctx, size_t index, const char *program);

/** overlay_helper_serve - the setup stage has made its mount: it gets @fuse_fd, which stays the caller's. One
 * that has ended meanwhile is seen by its end. */
void overlay_helper_serve(OverlayHelper *o, int fuse_fd);
