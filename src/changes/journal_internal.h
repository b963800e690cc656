/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of a journal in its file. For the files of the journal alone. */
#pragma once

#include "changes/journal.h"

#include <stdio.h>

/** journal_stream_open - open the file of a journal at its first entry. @ret: journal_stream_close() closes
 * it. Returns 0; -EBADMSG; -errno. */
int journal_stream_open(const Journal *j, FILE **ret);
void journal_stream_close(FILE **f);

/**
 * journal_stream_next - read the next entry.
 *
 * @ret: borrows @path. @path: a buffer that grows; owned by the caller. @n_layers: number of valid layers.
 *
 * Returns 1 with an entry; 0 at the end, also if the last entry is truncated: it was not executed; -EBADMSG;
 * -ENOMEM.
 */
int journal_stream_next(FILE *f, JournalEntry *ret, char **path, size_t n_layers);
