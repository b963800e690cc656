/* SPDX-License-Identifier: Apache-2.0 */
/* Which changes are asked for. */
#pragma once

#include "base/strlist.h"

typedef struct Selection {
        StrList paths;    /* absolute and clean, as the sandbox sees them; none: all */
        StrList excludes; /* patterns of fnmatch(3): with a slash of whole absolute paths, else of names */
} Selection;

typedef enum Selected {
        SELECTED_NO,
        SELECTED_ON_THE_WAY, /* it leads to something that is */
        SELECTED_YES,
} Selected;

/** selection_of - of @path, whose directory is @parent. Never SELECTED_YES below what is excluded. */
Selected selection_of(const Selection *s, const char *path, Selected parent);

/** selection_names - whether @path itself is one of the paths. */
bool selection_names(const Selection *s, const char *path);

/** selection_add_path, selection_add_exclude - from the command line, relative to @cwd. 0 or -errno of
 * path_normalize(). */
int selection_add_path(Selection *s, const char *path, const char *cwd);
int selection_add_exclude(Selection *s, const char *pattern, const char *cwd);

void selection_clear(Selection *s);
