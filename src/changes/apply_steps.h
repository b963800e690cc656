/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of an apply that the journal records. For the files of apply alone. */
#pragma once

#include "changes/apply.h"

/** apply_begin_journal - begin a journal, unless there is one. Returns 0 or -errno. */
int apply_begin_journal(Apply *a);

/** apply_write_entry - write an entry about a->path. Returns 0 or -errno. */
int apply_write_entry(Apply *a, JournalKind kind, uint32_t number, FileIdentity fresh, FileIdentity old,
                      bool keep_old, uint32_t mode);

/** apply_next_temporary - record a new temporary name beside a->path. Returns 0 or -errno. */
int apply_next_temporary(Apply *a, uint32_t *ret);

/** apply_rename - call renameat2(2) within a directory. Returns 0 or -errno. */
int apply_rename(int dirfd, const char *from, const char *to, unsigned flags);

FileIdentity apply_identity(const struct stat *st);

/** apply_note_directory - before the first step in the directory of the level @i: record that the apply, and
 * nobody else, changes it from here on, if that is so. Returns 0 or -errno. */
int apply_note_directory(Apply *a, size_t i);

/** apply_note_old - before the host's file @old is renamed: add it to the list of applied files, so that a
 * rename back does not make it a conflict. Returns 0 or -errno. */
int apply_note_old(Apply *a, const struct stat *old, bool keep_old);

/** apply_place - rename the temporary file @number to @name. @old: the host's file that was checked there,
 * inode 0: none. Returns 0; -EEXIST, -EBUSY: another process was faster; -errno. */
int apply_place(Apply *a, int dirfd, const char *name, uint32_t number, const struct stat *fresh,
                const struct stat *old, bool keep_old);
