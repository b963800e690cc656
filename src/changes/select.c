/* SPDX-License-Identifier: Apache-2.0 */
/* Matches changes against the requested paths and patterns. */
#include "changes/select.h"

#include "base/path.h"

#include <fnmatch.h>

static bool is_excluded(const Selection *s, const char *path)
{
        for (size_t i = 0; i < s->excludes.n; i++) {
                const char *pattern = s->excludes.items[i];
                if (fnmatch(pattern, strchr(pattern, '/') ? path : path_name(path), 0) == 0)
                        return true;
        }
        return false;
}

Selected selection_of(const Selection *s, const char *path, Selected parent)
{
        if (s->excludes.n > 0 && is_excluded(s, path))
                return SELECTED_NO;
        if (parent == SELECTED_YES || s->paths.n == 0)
                return SELECTED_YES;
        Selected found = SELECTED_NO;
        for (size_t i = 0; i < s->paths.n; i++) {
                if (path_is_below(path, s->paths.items[i]))
                        return SELECTED_YES;
                if (path_is_below(s->paths.items[i], path))
                        found = SELECTED_ON_THE_WAY;
        }
        return found;
}

bool selection_names(const Selection *s, const char *path)
{
        return strlist_has(&s->paths, path);
}

int selection_mark_found(Selection *s, const char *path)
{
        if (s->paths.n > 0 && !s->found && !(s->found = calloc(s->paths.n, sizeof(*s->found))))
                return -ENOMEM;
        for (size_t i = 0; i < s->paths.n; i++)
                s->found[i] = s->found[i] || path_is_below(path, s->paths.items[i]) ||
                              path_is_below(s->paths.items[i], path);
        return 0;
}

bool selection_has_found(const Selection *s, size_t i)
{
        return s->found && s->found[i];
}

static int add_path(StrList *list, const char *path, const char *cwd)
{
        CLEANUP_FREE char *clean = NULL;
        int r = path_normalize(path, cwd, &clean);
        return r < 0 ? r : strlist_add(list, clean);
}

int selection_add_path(Selection *s, const char *path, const char *cwd)
{
        return add_path(&s->paths, path, cwd);
}

int selection_add_exclude(Selection *s, const char *pattern, const char *cwd)
{
        return strchr(pattern, '/') ? add_path(&s->excludes, pattern, cwd)
                                    : strlist_add(&s->excludes, pattern);
}

void selection_clear(Selection *s)
{
        strlist_clear(&s->paths);
        strlist_clear(&s->excludes);
        free(s->found);
        s->found = NULL;
}
