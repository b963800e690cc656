/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of an apply: what is about to be done to the host, written before it is done. So an apply that
 * was cut off can be gone on with or undone. Every step is one rename(2) within a directory; what it replaces
 * stays beside under a temporary name until the end.
 */
#pragma once

#include "base/error.h"
#include "changes/layer.h"

typedef enum JournalKind {
        JOURNAL_TEMPORARY = 1, /* a temporary thing will be made in the directory of path */
        JOURNAL_PLACE,         /* it is complete, and will be put to path, where old is or nothing */
        JOURNAL_REMOVE,        /* what is at path, old, will be moved to the temporary name */
        JOURNAL_MODE,          /* the directory at path, old, gets another mode */
        JOURNAL_COMMIT,        /* all is done: what was replaced may go */
} JournalKind;

typedef struct FileIdentity {
        uint64_t dev, ino; /* ino 0: there is nothing */
} FileIdentity;

typedef struct JournalEntry {
        JournalKind kind;
        uint32_t layer;  /* number */
        uint32_t number; /* of the temporary name */
        uint32_t mode;   /* JOURNAL_MODE: the old one */
        bool keep_old;   /* JOURNAL_PLACE: what was there stays, under a name beside it */
        FileIdentity fresh, old;
        const char *path; /* below the layer's host directory */
} JournalEntry;

#define JOURNAL_FILE "journal"

typedef struct Journal {
        int fd;          /* FD_NONE: none (nothing was done yet) */
        int sandbox_fd;  /* the directory that it is in; the caller's */
        uint32_t number; /* of the last temporary name */
        char id[17];     /* in temporary names */
} Journal;

#define JOURNAL_NONE ((Journal){.fd = FD_NONE, .sandbox_fd = FD_NONE})

/** journal_exists - whether an apply was cut off. */
bool journal_exists(int sandbox_fd);

/** journal_begin - begin one; @command: what was asked for, kept with it. 0 or -errno. */
int journal_begin(Journal *j, int sandbox_fd, const StrList *command);

/** journal_open - that of an apply that was cut off. @ret_command: what it was asked for. 0; -EBADMSG;
 * -errno. */
int journal_open(Journal *j, int sandbox_fd, StrList *ret_command);

/** journal_write - add an entry. It survives this process, not the machine. 0 or -errno. */
int journal_write(Journal *j, const JournalEntry *e);

/** journal_name - the temporary name of a number. */
typedef char JournalName[48];
const char *journal_name(const Journal *j, uint32_t number, JournalName out);

/** journal_is_temporary - whether @name is one of these. Who lists a directory of the host's meanwhile meets
 * them. */
bool journal_is_temporary(const Journal *j, const char *name);

/**
 * journal_settle - clean up behind an apply that was cut off, so that it can be gone on with: temporary
 * things that were not put to their place are removed; what was is left.
 *
 * All three report what they can't do through @note (what, path) and go on. 0 or -errno with @err.
 */
typedef void (*JournalNote)(void *userdata, const char *what, const char *path);
int journal_settle(Journal *j, const ChangesLayer *layers, size_t n, JournalNote note, void *userdata,
                   Error *err);

/** journal_roll_back - undo all, in reverse; then the journal is removed. */
int journal_roll_back(Journal *j, const ChangesLayer *layers, size_t n, JournalNote note, void *userdata,
                      Error *err);

/** journal_commit - all is done: remove what was replaced, or give it its name beside; then the journal is
 * removed. */
int journal_commit(Journal *j, const ChangesLayer *layers, size_t n, JournalNote note, void *userdata,
                   Error *err);

/** journal_is_committed - whether only the cleaning up of it was cut off. */
int journal_is_committed(Journal *j, bool *ret);

void journal_clear(Journal *j);

/** journal_open_target - the host directory of a layer's changes; no link on the way. 0 or -errno. */
int journal_open_target(const ChangesLayer *layer, int *ret);
