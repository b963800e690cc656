/* SPDX-License-Identifier: Apache-2.0 */
/* Maps paths to numbers in a balanced tree, so that no choice of paths makes it slow. */
#include "base/path_map.h"

#include <search.h>

typedef struct Entry {
        const char *path;
        size_t len;
        size_t value;
} Entry;

static int compare_paths(const void *a, const void *b)
{
        const Entry *x = a, *y = b;
        int r = memcmp(x->path, y->path, x->len < y->len ? x->len : y->len);
        return r != 0 ? r : (x->len > y->len) - (x->len < y->len);
}

int path_map_set(PathMap *map, const char *path, size_t value)
{
        CLEANUP_FREE Entry *new = malloc(sizeof(*new));
        if (!new)
                return -ENOMEM;
        *new = (Entry){.path = path, .len = strlen(path), .value = value};
        Entry **found = tsearch(new, &map->root, compare_paths);
        if (!found)
                return -ENOMEM;
        if (*found != new) {
                (*found)->value = value;
                return 0;
        }
        new = NULL;
        map->n++;
        return 0;
}

bool path_map_get_part(const PathMap *map, const char *path, size_t len, size_t *ret)
{
        const Entry key = {.path = path, .len = len};
        Entry *const *found = tfind(&key, &map->root, compare_paths);
        if (!found)
                return false;
        *ret = (*found)->value;
        return true;
}

bool path_map_get(const PathMap *map, const char *path, size_t *ret)
{
        return path_map_get_part(map, path, strlen(path), ret);
}

void path_map_clear(PathMap *map)
{
        tdestroy(map->root, free);
        *map = (PathMap){0};
}
