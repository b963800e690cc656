/* SPDX-License-Identifier: Apache-2.0 */
/* The selection of changes by paths and patterns. */
#pragma once

#include "base/strlist.h"

typedef struct Selection {
        StrList paths;    /* absolute, normalized paths inside the sandbox; none: all */
        StrList excludes; /* patterns of fnmatch(3): with a slash for whole absolute paths, otherwise for
                             names */
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

/** selection_add_path, selection_add_exclude - add a path or pattern of the command line, relative to @cwd.
 * Returns 0 or -errno of path_normalize(). */
int selection_add_path(Selection *s, const char *path, const char *cwd);
int selection_add_exclude(Selection *s, const char *pattern, const char *cwd);

void selection_clear(Selection *s);
