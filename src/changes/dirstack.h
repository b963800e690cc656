/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories from a top down to where one is, for trees of any depth: only the deepest have an open
 * descriptor. On the way back a closed one is opened again as its child's "..", and must be the same
 * directory.
 */
#pragma once

#include "base/util.h"

#define DIRSTACK_OPEN_MAX 24
#define DIRSTACK_DEPTH_MAX 65536

typedef struct DirLevel {
        int fd; /* FD_NONE: closed for now, or none at all (then ino is 0) */
        uint64_t dev, ino;
} DirLevel;

typedef struct DirStack {
        DirLevel *levels;
        size_t n, room;
        int flags; /* of openat(2), for opening again */
} DirStack;

/** dirstack_push - @fd becomes the deepest, and the stack's, also on failure; FD_NONE: a level without one.
 * 0, -ELOOP past DIRSTACK_DEPTH_MAX, -errno. */
int dirstack_push(DirStack *s, int fd);

/** dirstack_set - give level @index, the ones above which have theirs, its descriptor; the stack's. 0 or
 * -errno. */
int dirstack_set(DirStack *s, size_t index, int fd);

/** dirstack_pop - leave the deepest. Returns 0; -ESTALE when the one above is not where it was; -errno. */
int dirstack_pop(DirStack *s);

/** dirstack_top - the deepest's descriptor, which stays the stack's; FD_NONE: none. */
int dirstack_top(const DirStack *s);

void dirstack_clear(DirStack *s);
