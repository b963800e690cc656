/* SPDX-License-Identifier: Apache-2.0 */
/* A map from paths to numbers, whose operations take logarithmic time. */
#pragma once

#include "base/util.h"

typedef struct PathMap {
        void *root; /* of tsearch(3) */
        size_t n;   /* number of paths */
} PathMap;

/**
 * path_map_set - set the value of @path, in place of an earlier one.
 *
 * @path: borrowed; must stay valid and unchanged as long as the map is used.
 *
 * Returns 0 or -ENOMEM.
 */
int path_map_set(PathMap *map, const char *path, size_t value);

/** path_map_get - find the value of @path. Returns whether there is one; otherwise @ret is untouched. */
bool path_map_get(const PathMap *map, const char *path, size_t *ret);

/** path_map_get_part - like path_map_get(), for the first @len bytes of @path. */
bool path_map_get_part(const PathMap *map, const char *path, size_t len, size_t *ret);

/** path_map_clear - free all; the map is empty and usable afterwards. */
void path_map_clear(PathMap *map);

#define CLEANUP_PATH_MAP CLEANUP(path_map_clear)
