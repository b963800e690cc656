/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of an apply: each step on the host is recorded before it is executed, so that an interrupted
 * apply can be resumed or undone. Every step is one rename(2) within a directory; the replaced file stays
 * beside under a temporary name until the end.
 */
#pragma once

#include "base/error.h"
#include "changes/layer.h"

#include <time.h>

typedef enum JournalKind {
        JOURNAL_TEMPORARY = 1, /* a temporary file will be created in the directory of path */
        JOURNAL_PLACE,         /* it is complete, and will be renamed to path, where old is or nothing */
        JOURNAL_REMOVE,        /* the file at path, old, will be renamed to the temporary name */
        JOURNAL_MODE,          /* the directory at path, old, gets another mode */
        JOURNAL_COMMIT,        /* all steps are done: replaced files may be removed */
        JOURNAL_DIRECTORY,     /* the directory at path, old, gets its first step; nobody else changed it */
} JournalKind;

typedef struct FileIdentity {
        uint64_t dev, ino; /* ino 0: no file */
} FileIdentity;

typedef struct JournalEntry {
        JournalKind kind;
        uint32_t layer;  /* number */
        uint32_t number; /* of the temporary name */
        uint32_t mode;   /* JOURNAL_MODE: the old one */
        bool keep_old;   /* JOURNAL_PLACE: keep the replaced file under a name beside it */
        FileIdentity fresh, old;
        const char *path; /* below the layer's host directory; "": itself, only with JOURNAL_MODE and
                             _DIRECTORY */
} JournalEntry;

#define JOURNAL_FILE "journal"

typedef struct Journal {
        int fd;          /* FD_NONE: none (no step yet) */
        int sandbox_fd;  /* its directory; borrowed */
        uint32_t number; /* of the last temporary name */
        char id[17];     /* in temporary names */
} Journal;

#define JOURNAL_NONE ((Journal){.fd = FD_NONE, .sandbox_fd = FD_NONE})

/** journal_exists - return whether an apply was interrupted. */
bool journal_exists(int sandbox_fd);

/** journal_begin - begin a journal. @command: the options of the apply, stored in it. Returns 0 or -errno. */
int journal_begin(Journal *j, int sandbox_fd, const StrList *command);

/** journal_open - open the journal of an interrupted apply. @ret_command: its options. Returns 0; -EBADMSG;
 * -errno. */
int journal_open(Journal *j, int sandbox_fd, StrList *ret_command);

/** journal_write - add an entry. It survives this process, not the machine. Returns 0; -EINVAL for an entry
 * that could not be read back; -errno. */
int journal_write(Journal *j, const JournalEntry *e);

/** journal_name - write the temporary name of a number to @out. Returns @out. */
typedef char JournalName[48];
const char *journal_name(const Journal *j, uint32_t number, JournalName out);

/** journal_is_temporary - return whether @name is a temporary name, which a listing of a directory of the
 * host may contain. */
bool journal_is_temporary(const Journal *j, const char *name);

/** The host, for the functions that replay a journal. */
typedef struct JournalHost {
        const ChangesLayer *layers;
        size_t n_layers;
        struct timespec started; /* of the sandbox: files that changed since are the user's */
        /* Called with a short text for each failure, and for each file that was kept beside its place. */
        void (*note)(void *userdata, const char *what, const char *path);
        void *userdata;
} JournalHost;

/**
 * journal_settle - clean up after an interrupted apply, so that it can be resumed: remove temporary files
 * that were not placed, and leave the placed ones.
 *
 * All three remove nothing that somebody else changed: it is kept beside its place. They report this and
 * failures through the note, and continue. They return 0 or -errno with @err.
 */
int journal_settle(Journal *j, const JournalHost *host, Error *err);

/** journal_roll_back - undo all steps in reverse order, and remove the journal. */
int journal_roll_back(Journal *j, const JournalHost *host, Error *err);

/** journal_commit - after the last step: remove the replaced files, or rename those to keep, and remove the
 * journal. */
int journal_commit(Journal *j, const JournalHost *host, Error *err);

/** journal_is_committed - return whether only the cleanup was interrupted. */
int journal_is_committed(Journal *j, bool *ret);

void journal_clear(Journal *j);

/** journal_open_target - open the host directory of a layer's changes, without links on the way. Returns 0 or
 * -errno. */
int journal_open_target(const ChangesLayer *layer, int *ret);
