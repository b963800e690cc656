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

void strlist_clear(StrList *l)
{
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
