/* SPDX-License-Identifier: Apache-2.0 */
/* A path that grows and shrinks by a name at its end; of any length. */
#pragma once

#include "base/util.h"

typedef struct PathBuf {
        char *text; /* NUL-terminated once something was set */
        size_t len, room;
} PathBuf;

/** pathbuf_set - begin with @path. 0 or -ENOMEM. */
int pathbuf_set(PathBuf *p, const char *path);

/** pathbuf_push - add "/@name" ("" adds nothing); @ret_before: what pathbuf_pop() takes. 0 or -ENOMEM. */
int pathbuf_push(PathBuf *p, const char *name, size_t *ret_before);

/** pathbuf_pop - back to a length. */
void pathbuf_pop(PathBuf *p, size_t before);

void pathbuf_clear(PathBuf *p);
