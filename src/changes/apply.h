/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applies changes to the host, as the user: a receiver of changes (change.h). Each file is completed under a
 * temporary name in its directory and placed there by one rename, a new directory together with all its
 * entries. An apply follows no link, never leaves the layer's directory, and never applies a set-user-ID bit,
 * a capability, a device or an owner.
 */
#pragma once

#include "base/error.h"
#include "changes/applied.h"
#include "changes/change.h"
#include "changes/dirstack.h"
#include "changes/hostdirs.h"
#include "changes/journal.h"
#include "changes/layer.h"
#include "changes/links.h"
#include "changes/pathbuf.h"

#include <time.h>

typedef enum ApplyAnswer {
        APPLY_TAKE,
        APPLY_LEAVE, /* skip; with a directory: all its entries, too */
        APPLY_QUIT,  /* skip this change and all following ones */
} ApplyAnswer;

typedef enum ApplyReport {
        APPLY_DONE,       /* applied; with dry_run: would be applied */
        APPLY_STRIPPED,   /* applied, but not completely */
        APPLY_CONFLICT,   /* skipped: changed on the host since the sandbox started */
        APPLY_NEEDS_ROOT, /* skipped: the user has no permission to write there */
        APPLY_REFUSED,    /* skipped: because of its type, or of the file at its destination */
        APPLY_COVERED,    /* skipped: in a directory that was reported as a conflict */
        APPLY_REPORTS,
} ApplyReport;

typedef struct ApplyOptions {
        bool dry_run;
        bool force; /* apply conflicting changes, and keep the host's files beside them */
        struct timespec started;
        bool ended; /* the last run was recorded at its end */
        /* Decides whether to apply a change. @path: below the layer's directory, with a leading slash. */
        ApplyAnswer (*ask)(void *userdata, const ChangesLayer *layer, const char *path, const Change *c);
        /* @c: may be NULL. @why: a short text. */
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
        size_t layer; /* number of the current layer */
        int root_fd;  /* its host directory */
        Journal *journal;
        const StrList *command; /* for the header of the journal */
        DirStack dirs;
        ApplyLevel *levels;
        size_t room;
        PathBuf path;
        Applied applied;
        HostDirs host;
        Links links;
        uint32_t stage;    /* number of the temporary directory under construction; 0: none */
        size_t stage_path; /* length of its path */
        bool quit;
        uint64_t files, bytes; /* of applied files */
        uint64_t reports[APPLY_REPORTS];
        Error *err;
} Apply;

/** apply_begin - start an apply. @journal: an open journal to resume, or JOURNAL_NONE. Returns 0 or -errno.
 */
int apply_begin(Apply *a, const ApplyOptions *options, int sandbox_fd, const ChangesLayer *layers, size_t n,
                Journal *journal, const StrList *command, Error *err);

/**
 * apply_take - a ChangeSink; @userdata: Apply.
 *
 * Returns 0 also if a change is skipped (which is reported); -errno with a->err if the disk of the host is
 * full or fails: the caller rolls back.
 */
int apply_take(void *userdata, ChangeEvent event, const Change *c);

/** apply_record - after journal_commit(): record the modes and attributes that were applied. Returns 0 or
 * -errno. */
int apply_record(Apply *a);

void apply_clear(Apply *a);
