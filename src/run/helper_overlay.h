/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's side of the server of an overlay: its start, its device, and its end. */
#pragma once

#include "run/helper.h"
#include "run/session_messages.h"
#include "run/stages.h"

typedef struct OverlayHelper {
        Helper helper;
        OverlayStage stage; /* the parameters of its stage */
        int joiner;         /* pidfd of the process that starts it; FD_NONE: reaped */
        int owners;         /* pidfd of the process that tells it owners; FD_NONE: none */
        MessageCounts heard;
        unsigned devices; /* passed on to it */
} OverlayHelper;

/**
 * overlay_helper_make - make the helper for one OP_FUSE or OP_VIEW operation, without starting it.
 *
 * @ctx: the context of the stages, borrowed; filled before the start, like ret->stage.userns.
 * @root: of the plan, borrowed. @index: index of the operation in it.
 *
 * Returns the helper; helpers_stop() closes its descriptors.
 */
OverlayHelper overlay_helper_make(const StageContext *ctx, const PlanRoot *root, size_t index);

/** overlay_helper_is_served - return whether it has all its devices. */
bool overlay_helper_is_served(const OverlayHelper *o);

/** overlay_helper_serve - pass on @fuse_fd (borrowed), after the setup stage has made the mount. If the
 * helper has exited, its pidfd shows it. */
void overlay_helper_serve(OverlayHelper *o, int fuse_fd);
