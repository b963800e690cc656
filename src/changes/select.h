/* SPDX-License-Identifier: Apache-2.0 */
/* The selection of changes by paths and patterns. */
#pragma once

#include "base/strlist.h"

typedef struct Selection {
        StrList paths;    /* absolute, normalized paths inside the sandbox; none: all */
        StrList excludes; /* patterns of fnmatch(3): with a slash for whole absolute paths, otherwise for
                             names */
        bool *found;      /* one per path: selection_mark_found() had it; NULL: none yet */
} Selection;

typedef enum Selected {
        SELECTED_NO,
        SELECTED_ON_THE_WAY, /* it leads to a selected entry */
        SELECTED_YES,
} Selected;

/** selection_of - decide on @path, whose directory is @parent. Never SELECTED_YES below an excluded entry. */
Selected selection_of(const Selection *s, const char *path, Selected parent);

/** selection_names - return whether @path itself is one of the paths. */
bool selection_names(const Selection *s, const char *path);

/** selection_mark_found - mark the paths at, below or above @path, which is a change, as found. Returns 0 or
 * -ENOMEM. */
int selection_mark_found(Selection *s, const char *path);

/** selection_has_found - return whether the path with the index @i was marked. */
bool selection_has_found(const Selection *s, size_t i);

/** selection_add_path, selection_add_exclude - add a path or pattern of the command line, relative to @cwd.
 * Returns 0 or -errno of path_normalize(). */
int selection_add_path(Selection *s, const char *path, const char *cwd);
int selection_add_exclude(Selection *s, const char *pattern, const char *cwd);

void selection_clear(Selection *s);
