/* SPDX-License-Identifier: Apache-2.0 */
/* The directories on the way down to the current change. For the files of apply alone. */
#pragma once

#include "changes/apply.h"

typedef enum LevelState {
        LEVEL_HERE,    /* exists on the host, and is open */
        LEVEL_PENDING, /* does not exist on the host; created when it gets its first entry */
        LEVEL_STAGED,  /* under construction, in or as a temporary directory */
        LEVEL_SKIPPED, /* with all its entries */
        LEVEL_FOREIGN, /* not the directory that the sandbox saw: each change in it is a conflict */
} LevelState;

/** A directory on the way down; Apply has as many as a->dirs. */
struct ApplyLevel {
        LevelState state;
        bool gone;       /* PENDING: the sandbox saw it, but it was removed on the host */
        bool top;        /* STAGED: the temporary directory itself */
        bool keep_old;   /* the replaced file had changed: keep it beside */
        bool final_mode; /* HERE: set its mode after its entries are done */
        bool clean;      /* HERE: only applies changed it, or only its entries since the sandbox started */
        bool foreign;    /* HERE, with force: like LEVEL_FOREIGN, and each replaced file is kept beside */
        bool unseen;     /* HERE: created after the run, so that the sandbox saw none of its entries */
        bool attributes_differ; /* HERE: its mode or attributes may be changes of the user */
        bool told;              /* FOREIGN: the conflict was reported */
        bool noted;             /* HERE: the journal has it (apply_note_directory()) */
        uint32_t
                set_id; /* HERE: a set-group-ID bit of the host's directory that the sandbox did not change */
        int writable;   /* -1: not checked yet */
        uint32_t number;
        FileIdentity identity; /* HERE */
        const char *why;       /* FOREIGN: a short text */
        struct stat old;       /* PENDING: the file that it replaces; inode 0: none */
        ChangeFile now;
        unsigned what;
        char *name;
        char *xattrs;
        size_t xattrs_len;
        size_t path_before, path_len; /* of a->path, without and with its name */
};

/** apply_level_top - return the deepest level, which must exist; valid until the next push. */
ApplyLevel *apply_level_top(Apply *a);

/** apply_level_push - enter the directory @c, whose name is at the end of a->path. @fd: its descriptor; the
 * level takes ownership, also on failure; FD_NONE: not open yet. Returns 0 or -errno of dirstack_push(). */
int apply_level_push(Apply *a, const Change *c, LevelState state, int fd);

/** apply_level_is_writable - return whether the user may change entries of the directory on top. */
bool apply_level_is_writable(Apply *a);

/**
 * apply_level_materialize - create all directories on the way that the host lacks: the first as a temporary
 * directory, the others inside it. @c: the change that needs them.
 *
 * Returns 0; 1: one was removed on the host, which is reported; -errno.
 */
int apply_level_materialize(Apply *a, const Change *c);

/** apply_levels_clear - free all levels; their directories stay as they are. */
void apply_levels_clear(Apply *a);
