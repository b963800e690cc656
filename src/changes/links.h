/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the upper with several names: where the first one was put. */
#pragma once

#include "base/util.h"

/** Paths that are remembered, in bytes; past it a further name becomes a copy. */
#define LINKS_BUDGET ((size_t)16 << 20)

typedef struct LinkTarget {
        uint64_t dev, ino; /* in the upper */
        uint64_t host_ino; /* of what was made of it */
        uint32_t stage;    /* of the temporary directory that it was made in; 0: none */
        char *path;        /* below the layer's host directory */
} LinkTarget;

typedef struct Links {
        LinkTarget *slots;
        size_t n, room;
        size_t used;
} Links;

const LinkTarget *links_find(const Links *l, uint64_t dev, uint64_t ino);

/** links_add - remember; silently nothing when the budget is used up. 0 or -ENOMEM. */
int links_add(Links *l, const LinkTarget *t);

void links_clear(Links *l);
