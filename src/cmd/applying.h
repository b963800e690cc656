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
        const char *name;
        char *home;
        bool all[APPLY_AREAS]; /* apply the rest of the area without a question */
        bool quit;             /* skip the rest */
        bool left;             /* something that was asked for */
        PathBuf sure;          /* everything below it was accepted */
        Apply apply;
        Progress progress;
        Asker *asker, own_asker;
        bool looked_for_asker;
        bool *found; /* one per requested path */
        /* The counts of the outcomes. */
        const Kept *kept;
        ApplyArea area;
        Outcome outcome;
        size_t depth, out_depth; /* of directories; of the skipped directory, 0: none */
        Outcome out;             /* its outcome, which applies to all entries in it */
        ApplyResult result;
} Applying;

/** applying_path - where the sandbox sees @path, which is below the layer's directory. Owned; NULL: out of
 * memory. */
char *applying_path(const ChangesLayer *layer, const char *path);

/** applying_can_ask - whether there is somebody to ask, looked for once. Without --interactive only where the
 * answers to commands come from. */
bool applying_can_ask(Applying *p);

/** applying_ask - ApplyOptions.ask; @userdata: Applying. */
ApplyAnswer applying_ask(void *userdata, const ChangesLayer *layer, const char *rel, const Change *c);

/** applying_report - ApplyOptions.report; @userdata: Applying. */
void applying_report(void *userdata, ApplyReport what, const ChangesLayer *layer, const char *rel,
                     const Change *c, const char *why);

/** applying_mark_found - something came of the paths that were asked for and that @path is at, below or
 * above. */
void applying_mark_found(Applying *p, const char *path);

/** applying_tell_not_found - tell of each path that was asked for and of which there is no change: a typing
 * error, or it was applied before. */
void applying_tell_not_found(Applying *p);

/** applying_note_outcome - count what became of the change of the event that was just handled. */
void applying_note_outcome(Applying *p, ChangeEvent event, const Change *c);

/** applying_summarize - tell what was too much to name, and what can be done about what was left. */
void applying_summarize(const Applying *p);

/** applying_tell_left - tell what was left of a private home of the sandbox @name. */
void applying_tell_left(const Applying *p, const char *name);

/** applying_count_home - count what is left in private homes: they are taken only when they are asked for. 0
 * or -errno with @err. */
int applying_count_home(Applying *p, const Kept *kept, Error *err);

/** applying_note - a JournalNote that prints a notice. */
void applying_note(void *userdata, const char *what, const char *path);

/** applying_print_options - what was asked for, as the journal keeps it. 0 or -ENOMEM. */
int applying_print_options(const Applying *p, StrList *ret);

/**
 * applying_resume - resume an apply that was cut off, or roll it back. To resume, the options that it was
 * given are taken from its journal.
 *
 * Returns 0: the apply is to be done again; 1: nothing is left to do; -errno with @err.
 */
int applying_resume(Applying *p, Kept *kept, Journal *journal, Error *err);
