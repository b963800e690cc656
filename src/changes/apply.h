/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking changes over to the host, as the user: a receiver of changes (change.h). Each file is made complete
 * under a temporary name beside its place and put there by one rename; a new directory so with all that is in
 * it. Nothing is followed, nothing leaves the layer's directory, no set-user-ID bit, capability, device or
 * owner is taken.
 */
#pragma once

#include "base/error.h"
#include "changes/applied.h"
#include "changes/change.h"
#include "changes/dirstack.h"
#include "changes/journal.h"
#include "changes/layer.h"
#include "changes/links.h"
#include "changes/pathbuf.h"

#include <time.h>

typedef enum ApplyAnswer {
        APPLY_TAKE,
        APPLY_LEAVE, /* with a directory: all that is in it, too */
        APPLY_QUIT,  /* this and all that follows is left */
} ApplyAnswer;

typedef enum ApplyReport {
        APPLY_DONE,       /* taken; with dry_run: would be */
        APPLY_STRIPPED,   /* taken, but not all of it */
        APPLY_CONFLICT,   /* left: changed on the host since the sandbox began */
        APPLY_NEEDS_ROOT, /* left: the user may not write there */
        APPLY_REFUSED,    /* left: what it is, or what is in its place */
        APPLY_REPORTS,
} ApplyReport;

typedef struct ApplyOptions {
        bool dry_run;
        bool force; /* conflicts are taken, what was there is kept beside */
        struct timespec started;
        /* Whether to take a change. @path: below the layer's directory, with a slash in front. */
        ApplyAnswer (*ask)(void *userdata, const ChangesLayer *layer, const char *path, const Change *c);
        /* @c: NULL when it is not at hand. @why: a few words. */
        void (*report)(void *userdata, ApplyReport what, const ChangesLayer *layer, const char *path,
                       const Change *c, const char *why);
        void *userdata;
} ApplyOptions;

typedef struct ApplyLevel ApplyLevel;

typedef struct Apply {
        ApplyOptions options;
        int sandbox_fd;
        const ChangesLayer *layers;
        size_t n_layers;
        size_t layer; /* number of the one at hand */
        int root_fd;  /* its host directory */
        Journal *journal;
        const StrList *command; /* for the journal's beginning */
        DirStack dirs;
        ApplyLevel *levels;
        size_t room;
        PathBuf path;
        Applied applied;
        Links links;
        uint32_t stage;    /* number of the temporary directory that is being filled; 0: none */
        size_t stage_path; /* length of its path */
        bool quit;
        uint64_t files, bytes; /* taken */
        uint64_t reports[APPLY_REPORTS];
        Error *err;
} Apply;

/** apply_begin - @journal: an open one to go on with, or JOURNAL_NONE. 0 or -errno. */
int apply_begin(Apply *a, const ApplyOptions *options, int sandbox_fd, const ChangesLayer *layers, size_t n,
                Journal *journal, const StrList *command, Error *err);

/**
 * apply_take - a ChangeSink; @userdata: Apply.
 *
 * Returns 0 also when a change is left (that is reported); -errno with a->err when the host has no room or an
 * error of its disk: the caller rolls back.
 */
int apply_take(void *userdata, ChangeEvent event, const Change *c);

void apply_clear(Apply *a);
