/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the upper with several names, and the destination of the first one. */
#pragma once

#include "base/util.h"

/** Maximum size of the recorded paths in bytes; beyond it, further names become copies. */
#define LINKS_BUDGET ((size_t)16 << 20)

typedef struct LinkTarget {
        uint64_t dev, ino; /* in the upper */
        uint64_t host_ino; /* of the applied file */
        uint32_t stage;    /* number of the temporary directory that contains it; 0: none */
        char *path;        /* below the layer's host directory */
} LinkTarget;

typedef struct Links {
        LinkTarget *slots;
        size_t n, room;
        size_t used;
} Links;

const LinkTarget *links_find(const Links *l, uint64_t dev, uint64_t ino);

/** links_add - record a file; does nothing if the budget is used up. Returns 0 or -ENOMEM. */
int links_add(Links *l, const LinkTarget *t);

void links_clear(Links *l);
