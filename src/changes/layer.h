/* SPDX-License-Identifier: Apache-2.0 */
/* One layer of a kept sandbox: an upper directory, and what it lies over. */
#pragma once

#include "base/strlist.h"

/** Whose marks an upper directory has. */
typedef enum ChangesEngine {
        CHANGES_KERNEL,  /* overlayfs with userxattr */
        CHANGES_FUSE,    /* fuse-overlayfs */
        CHANGES_SCRATCH, /* no marks: a directory that was empty at first */
} ChangesEngine;

typedef struct ChangesLayer {
        ChangesEngine engine;
        char *name;      /* of its directories (plan_layer_path()) */
        char *lower;     /* absolute host path, without symlinks; NULL with CHANGES_SCRATCH */
        char *dest;      /* absolute, in the sandbox */
        StrList covered; /* paths at or below dest that other mounts lay over: of no interest here */
} ChangesLayer;

void changes_layer_clear(ChangesLayer *layer);

/** The engines' names, in records and for people: "kernel", "fuse", "scratch". */
extern const char *const changes_engine_names[];

/** changes_layer_target - the host directory that the layer's changes would go to. */
static inline const char *changes_layer_target(const ChangesLayer *layer)
{
        return layer->lower ? layer->lower : layer->dest;
}
