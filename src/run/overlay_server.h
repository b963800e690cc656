/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of programs that serve the files of an overlay through a fuse device. The stage of
 * stage_overlay.c confines each before its first request, and becomes it.
 */
#pragma once

#include "confine/confine.h"
#include "run/stages.h"

/** Paths in the root of a server. */
#define OVERLAY_LOWER "/lower"
#define OVERLAY_LAYER "/layer"
#define OVERLAY_PLACEHOLDERS "/placeholders"
#define OVERLAY_PROGRAM "/program"

/** OVERLAY_DEVICE - the fuse device, as the program's arguments name it. */
#define OVERLAY_DEVICE "/dev/fd/3"

struct OverlayServer {
        const char *name;         /* for people: "fuse-overlayfs" */
        uint64_t capabilities;    /* a mask, in the sandbox's user namespace */
        bool has_layer;           /* it has the operation's upper and work directory, and writes to them */
        const ConfineCall *calls; /* the system calls of the program, and execve(2), which starts it */
        size_t n_calls;
        uint32_t other_calls; /* the answer to all others: SECCOMP_RET_* of seccomp(2) */

        /** add_arguments - append the program's arguments after its name. Returns 0 or -ENOMEM. */
        int (*add_arguments)(const OverlayStage *stage, StrList *args);
};

/** overlay_fuse - fuse-overlayfs, for OP_FUSE. */
extern const OverlayServer overlay_fuse;
