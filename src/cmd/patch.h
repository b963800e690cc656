/* SPDX-License-Identifier: Apache-2.0 */
/* Displays a change as a unified diff, through diff(1). */
#pragma once

#include "changes/change.h"
#include "changes/layer.h"

#include <stdio.h>

typedef struct PatchOptions {
        bool colour;  /* git's colours; escapes in reverse video */
        bool escaped; /* escape the files' lines, too, like text_escape(); false: unescaped, for programs */
} PatchOptions;

/**
 * patch_print - print one change of a file or link; for directories and other types, only the header.
 *
 * @path: absolute, in the sandbox. @c: with its content in c->fd (borrowed). @flag: the result of flags_of(),
 * shown below the name; NULL: none.
 *
 * A line ends at its newline and may contain any bytes. If more than a third of a file is not text, only its
 * name is printed. Returns 0 or -errno of starting diff(1) or reading.
 */
int patch_print(const ChangesLayer *layer, const char *path, const Change *c, const char *flag,
                const PatchOptions *options, FILE *out);
