/* SPDX-License-Identifier: Apache-2.0 */
/* One run of "kurung apply". For the files of apply alone. */
#pragma once

#include "changes/apply.h"
#include "cmd/apply.h"
#include "cmd/changes.h"
#include "cmd/progress.h"

/* The outcome of the current change. */
typedef enum Outcome {
        OUTCOME_NONE, /* nothing to do */
        OUTCOME_TAKEN,
        OUTCOME_DECLINED,
        OUTCOME_LEFT,
} Outcome;

typedef struct Applying {
        bool interactive, dry_run, force, resume, roll_back, verbose;
        bool with_home; /* apply changes of a private home, too */
        ReaderOptions reader;
        char name[sizeof((RunDir){0}.name)]; /* the whole name of the sandbox */
        char *home;
        bool all[APPLY_AREAS]; /* apply the rest of the area without a question */
        bool quit;             /* skip the rest */
        bool left;             /* a requested change was skipped, or noted */
        bool noted;            /* the journal could not undo or finish a step, or kept a file beside */
        PathBuf sure;          /* everything below it was accepted */
        Apply apply;
        Progress progress;
        Asker *asker, own_asker;
        bool looked_for_asker;
        /* The counts of the outcomes. */
        const Kept *kept;
        ApplyArea area;
        Outcome outcome;
        size_t depth, out_depth; /* number of directories; depth of the skipped one, 0: none */
        Outcome out;             /* its outcome, which applies to all entries in it */
        ApplyResult result;
        uint64_t done[CHANGE_REFUSED + 1]; /* applied changes by kind */
} Applying;

/** applying_path - return the path inside the sandbox of @path, which is below the layer's directory. Owned
 * by the caller; NULL: out of memory. */
char *applying_path(const ChangesLayer *layer, const char *path);

/** applying_can_ask - return whether somebody can answer questions; checked once. Without --interactive,
 * standard input must be a terminal. */
bool applying_can_ask(Applying *p);

/** applying_ask - ApplyOptions.ask; @userdata: Applying. */
ApplyAnswer applying_ask(void *userdata, const ChangesLayer *layer, const char *rel, const Change *c);

/** applying_report - ApplyOptions.report; @userdata: Applying. */
void applying_report(void *userdata, ApplyReport what, const ChangesLayer *layer, const char *rel,
                     const Change *c, const char *why);

/** applying_tell_not_found - report each requested path without changes: it has a typing error, or was
 * applied before. */
void applying_tell_not_found(Applying *p);

/** applying_note_outcome - count the outcome of the change in the event that was just handled. */
void applying_note_outcome(Applying *p, ChangeEvent event, const Change *c);

/** applying_summarize - print how many skipped changes were not named, and how to handle conflicts and
 * missing permissions. */
void applying_summarize(const Applying *p);

/** applying_tell_done - print how many changes were applied. */
void applying_tell_done(const Applying *p);

/** applying_tell_left - print what remains of a private home of the sandbox. */
void applying_tell_left(const Applying *p);

/** applying_count_home - count the remaining changes in private homes, which are applied only on request.
 * Returns 0 or -errno with @err. */
int applying_count_home(Applying *p, const Kept *kept, Error *err);

/** applying_host - return the host for the journal of @kept, with a note that prints a notice. Borrows both.
 */
JournalHost applying_host(Applying *p, const Kept *kept);

/** applying_print_options - store the options in @ret, for the journal. Returns 0 or -ENOMEM. */
int applying_print_options(const Applying *p, StrList *ret);

/**
 * applying_resume - prepare to resume an interrupted apply with the options in its journal, or roll it back.
 *
 * Returns 0: the caller applies again; 1: nothing is left to do; -errno with @err.
 */
int applying_resume(Applying *p, Kept *kept, Journal *journal, Error *err);
