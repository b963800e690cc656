/* SPDX-License-Identifier: Apache-2.0 */
/* A path of any length that grows and shrinks by a name at its end. */
#pragma once

#include "base/util.h"

typedef struct PathBuf {
        char *text; /* NUL-terminated once it is set */
        size_t len, room;
} PathBuf;

/** pathbuf_set - start with @path. Returns 0 or -ENOMEM. */
int pathbuf_set(PathBuf *p, const char *path);

/** pathbuf_push - add "/@name" ("" adds nothing). @ret_before: for pathbuf_pop(). Returns 0 or -ENOMEM. */
int pathbuf_push(PathBuf *p, const char *name, size_t *ret_before);

/** pathbuf_pop - truncate to an earlier length. */
void pathbuf_pop(PathBuf *p, size_t before);

void pathbuf_clear(PathBuf *p);
