/* SPDX-License-Identifier: Apache-2.0 */
/* The directories on the way down to the change at hand. For the files of apply alone. */
#pragma once

#include "changes/apply.h"

typedef enum LevelState {
        LEVEL_HERE,    /* the host has it, and it is open */
        LEVEL_PENDING, /* the host does not have it; it is made when something comes into it */
        LEVEL_STAGED,  /* it is being made, in a temporary directory or as one */
        LEVEL_SKIPPED, /* with all that is in it */
} LevelState;

/** One of them; as many as a->dirs has. */
struct ApplyLevel {
        LevelState state;
        bool gone;       /* PENDING: the sandbox saw it, the host removed it */
        bool top;        /* STAGED: it is the temporary directory itself */
        bool keep_old;   /* what it replaces was changed: it stays beside */
        bool final_mode; /* HERE: its mode is to be set when all in it is done */
        uint32_t set_id; /* HERE: a set-group-ID bit that the host's has, and the sandbox left */
        int writable;    /* -1: not looked at yet */
        uint32_t number;
        FileIdentity old;
        ChangeFile now;
        unsigned what;
        char *name;
        char *xattrs;
        size_t xattrs_len;
        size_t path_before;
};

/** apply_level_top - the deepest; there must be one. It moves with the next push. */
ApplyLevel *apply_level_top(Apply *a);

/** apply_level_push - enter the directory @c, whose name is at the end of a->path. @fd: its descriptor, which
 * becomes the level's, also on failure; FD_NONE: it has none yet. 0 or -errno of dirstack_push(). */
int apply_level_push(Apply *a, const Change *c, LevelState state, int fd);

/** apply_level_is_writable - whether the user may change entries of the directory on top. */
bool apply_level_is_writable(Apply *a);

/**
 * apply_level_materialize - make all directories on the way that the host does not have: the first as a
 * temporary directory, the others in it. @c: the change that comes into them.
 *
 * Returns 0; 1: one was removed on the host, and that is reported; -errno.
 */
int apply_level_materialize(Apply *a, const Change *c);

/** apply_levels_clear - leave all of them as they are. */
void apply_levels_clear(Apply *a);
