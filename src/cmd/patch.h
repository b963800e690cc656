/* SPDX-License-Identifier: Apache-2.0 */
/* A change as a unified diff, by diff(1). */
#pragma once

#include "changes/change.h"
#include "changes/layer.h"

#include <stdio.h>

typedef struct PatchOptions {
        bool colour;  /* git's colours */
        bool escaped; /* control bytes of the files' lines, too: for a terminal */
} PatchOptions;

/**
 * patch_print - print one change of a file or link; a directory's or another type's only as a line about it.
 *
 * @path: absolute, in the sandbox. @c: with its content in c->fd, which stays the caller's.
 *
 * Returns 0 or -errno of starting diff(1) or writing.
 */
int patch_print(const ChangesLayer *layer, const char *path, const Change *c, const PatchOptions *options,
                FILE *out);

/** pager_start - when standard output is a terminal, make it a pager's ($PAGER, else less). pager_end() waits
 * for it. */
void pager_start(void);
void pager_end(void);
