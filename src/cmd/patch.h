/* SPDX-License-Identifier: Apache-2.0 */
/* A change as a unified diff, by diff(1). */
#pragma once

#include "changes/change.h"
#include "changes/layer.h"

#include <stdio.h>

typedef struct PatchOptions {
        bool colour;  /* git's colours; what is escaped is in reverse video */
        bool escaped; /* the files' lines, too, as text_escape() does; false: bytes as they are, for programs
                       */
} PatchOptions;

/**
 * patch_print - print one change of a file or link; a directory's or another type's only as lines about it.
 *
 * @path: absolute, in the sandbox. @c: with its content in c->fd, which stays the caller's. @flag: of
 * flags_of(), shown below the name; NULL: none.
 *
 * A line ends where its newline is, whatever is in it. A file of which more than a third is no text is only
 * named. Returns 0 or -errno of starting diff(1) or reading.
 */
int patch_print(const ChangesLayer *layer, const char *path, const Change *c, const char *flag,
                const PatchOptions *options, FILE *out);

/** pager_start - when standard output is a terminal, make it a pager's ($PAGER, else less). pager_end() waits
 * for it. */
void pager_start(void);
void pager_end(void);
