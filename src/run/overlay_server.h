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

/** Descriptor numbers of a server: its fuse device. Of that of a view also: a channel to the process that
 * knows owners, and a second device. */
enum { OVERLAY_FD_DEVICE = 3, OVERLAY_FD_OWNERS, OVERLAY_FD_DEVICE_2, OVERLAY_FD_MAX };

struct OverlayServer {
        const char *name;         /* for people: "fuse-overlayfs" */
        bool is_own;              /* a program of kurung, built like this one */
        uint64_t capabilities;    /* a mask, in the sandbox's user namespace */
        bool has_view;            /* it has two devices, and a channel to stage_owners_main() */
        bool has_layer;           /* it has the operation's upper and work directory, and writes to them */
        const ConfineCall *calls; /* the system calls of the program, and execve(2), which starts it */
        size_t n_calls;
        uint32_t other_calls; /* the answer to all others: SECCOMP_RET_* of seccomp(2) */

        /** add_arguments - append the program's arguments after its name. Returns 0 or -ENOMEM. */
        int (*add_arguments)(const OverlayStage *stage, StrList *args);
};

/** overlay_fuse - fuse-overlayfs, for OP_FUSE. overlay_view - kurung-view, for OP_VIEW. */
extern const OverlayServer overlay_fuse, overlay_view;
