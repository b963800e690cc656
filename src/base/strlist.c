/* SPDX-License-Identifier: Apache-2.0 */
/* Grows and frees lists of strings. */
#include "base/strlist.h"

#include <stdarg.h>
#include <stdio.h>

/* Takes ownership of @s, also on failure. */
static int strlist_push(StrList *l, char *s)
{
        if (!s)
                return -ENOMEM;
        /* Capacity grows by powers of two: the array is full exactly when n is a power of two (or 0). */
        if ((l->n & (l->n - 1)) == 0 || l->n == 0) {
                size_t room = l->n == 0 ? 2 : 2 * l->n + 1;
                char **items = realloc(l->items, room * sizeof(*items));
                if (!items) {
                        free(s);
                        return -ENOMEM;
                }
                l->items = items;
        }
        l->items[l->n++] = s;
        l->items[l->n] = NULL;
        return 0;
}

int strlist_add(StrList *l, const char *s)
{
        return strlist_push(l, strdup(s));
}

int strlist_copy(const StrList *from, StrList *to)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < from->n; i++)
                r = strlist_add(to, from->items[i]);
        return r;
}

int strlist_add_printf(StrList *l, const char *fmt, ...)
{
        char *s = NULL;
        va_list ap;
        va_start(ap, fmt);
        int n = vasprintf(&s, fmt, ap);
        va_end(ap);
        return strlist_push(l, n < 0 ? NULL : s);
}

bool strlist_has(const StrList *l, const char *s)
{
        for (size_t i = 0; i < l->n; i++)
                if (str_eq(l->items[i], s))
                        return true;
        return false;
}

/* From this number of strings on, an index is faster than a loop. */
#define INDEX_FROM 32

/* Adds the strings that were appended since. Returns whether the index has all. */
static bool index_all(StrList *l)
{
        if (l->n < INDEX_FROM || (!l->index && !(l->index = calloc(1, sizeof(*l->index)))))
                return false;
        for (size_t i = l->indexed, any; i < l->n; i++, l->indexed++)
                if (!path_map_get(l->index, l->items[i], &any) && path_map_set(l->index, l->items[i], i) < 0)
                        return false;
        return true;
}

size_t strlist_find(StrList *l, const char *s)
{
        size_t at;
        if (index_all(l))
                return path_map_get(l->index, s, &at) ? at : SIZE_MAX;
        for (size_t i = 0; i < l->n; i++)
                if (str_eq(l->items[i], s))
                        return i;
        return SIZE_MAX;
}

int strlist_add_once(StrList *l, const char *s)
{
        return strlist_find(l, s) != SIZE_MAX ? 0 : strlist_add(l, s);
}

void strlist_clear(StrList *l)
{
        if (l->index)
                path_map_clear(l->index);
        free(l->index);
        for (size_t i = 0; i < l->n; i++)
                free(l->items[i]);
        free(l->items);
        *l = (StrList){0};
}

int env_list_set(StrList *l, const char *name, const char *value)
{
        size_t len = strlen(name);
        for (size_t i = 0; i < l->n; i++) {
                if (strncmp(l->items[i], name, len) != 0 || l->items[i][len] != '=')
                        continue;
                char *s = NULL;
                if (asprintf(&s, "%s=%s", name, value) < 0)
                        return -ENOMEM;
                free(l->items[i]);
                l->items[i] = s;
                return 0;
        }
        return strlist_add_printf(l, "%s=%s", name, value);
}
