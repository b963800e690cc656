/* SPDX-License-Identifier: Apache-2.0 */
/* One layer of a kept sandbox: an upper directory and its lower. */
#pragma once

#include "base/strlist.h"

/** The engine that wrote an upper directory. */
typedef enum ChangesEngine {
        CHANGES_KERNEL,  /* overlayfs with userxattr */
        CHANGES_FUSE,    /* fuse-overlayfs */
        CHANGES_SCRATCH, /* no marks: an initially empty directory */
} ChangesEngine;

typedef struct ChangesLayer {
        ChangesEngine engine;
        char *name;    /* name of its directories (plan_layer_path()) */
        char *lower;   /* absolute host path, without symlinks; NULL with CHANGES_SCRATCH, and if there are
                          several */
        StrList image; /* the lowers if they are the layers of an image, topmost first: nothing is applied to
                          them */
        char *dest;    /* absolute, in the sandbox */
        bool project;  /* it has the working directory, the project around it, or its repository */
        StrList covered; /* paths at or below dest that other mounts covered; ignored here */
} ChangesLayer;

void changes_layer_clear(ChangesLayer *layer);

/** The engines' names, in records and for people: "kernel", "fuse", "scratch". */
extern const char *const changes_engine_names[];

/** changes_layer_target - return the host directory to which the layer's changes would be applied. */
static inline const char *changes_layer_target(const ChangesLayer *layer)
{
        return layer->lower ? layer->lower : layer->dest;
}
