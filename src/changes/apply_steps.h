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

/** apply_place - rename the temporary file @number to @name. Returns 0; -EEXIST, -EBUSY: another process was
 * faster; -errno. */
int apply_place(Apply *a, int dirfd, const char *name, uint32_t number, const struct stat *fresh,
                FileIdentity old, bool keep_old);
