/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories from the top to the current one, for trees of any depth: only the deepest have an open
 * descriptor. On the way back, a closed one is reopened as ".." of its child, and must be the same directory.
 */
#pragma once

#include "base/util.h"

#define DIRSTACK_OPEN_MAX 24
#define DIRSTACK_DEPTH_MAX 65536

typedef struct DirLevel {
        int fd; /* FD_NONE: closed for now, or never open (then ino is 0) */
        uint64_t dev, ino;
} DirLevel;

typedef struct DirStack {
        DirLevel *levels;
        size_t n, room;
        int flags; /* of openat(2), to reopen it */
} DirStack;

/** dirstack_push - add @fd as the deepest level and take ownership, also on failure; FD_NONE: a level without
 * a descriptor. Returns 0; -ELOOP beyond DIRSTACK_DEPTH_MAX; -errno. */
int dirstack_push(DirStack *s, int fd);

/** dirstack_set - set the descriptor of level @index and take ownership; the levels above it must have
 * theirs. Returns 0 or -errno. */
int dirstack_set(DirStack *s, size_t index, int fd);

/** dirstack_pop - leave the deepest level. Returns 0; -ESTALE if the one above was moved; -errno. */
int dirstack_pop(DirStack *s);

/** dirstack_top - return the descriptor of the deepest level (borrowed); FD_NONE: none. */
int dirstack_top(const DirStack *s);

void dirstack_clear(DirStack *s);
