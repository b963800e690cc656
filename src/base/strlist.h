/* SPDX-License-Identifier: Apache-2.0 */
/* A list of owned strings, NULL-terminated so that it can be used as argv and envp. */
#pragma once

#include "base/path_map.h"

typedef struct StrList {
        char **items; /* NULL if empty; otherwise items[n] == NULL */
        size_t n;
        PathMap *index; /* of the first strings, strlist_find(); NULL: none */
        size_t indexed; /* how many of them */
} StrList;

/** strlist_add - append a copy of @s. Returns 0 or -ENOMEM. */
int strlist_add(StrList *l, const char *s);

/** strlist_copy - append copies of all strings in @from. Returns 0 or -ENOMEM. */
int strlist_copy(const StrList *from, StrList *to);

/** strlist_add_printf - append a formatted string. Returns 0 or -ENOMEM. */
int strlist_add_printf(StrList *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** strlist_has - return whether @s is in the list. */
bool strlist_has(const StrList *l, const char *s);

/**
 * strlist_find - return the position of the first string that equals @s; SIZE_MAX: there is none.
 *
 * A long list gets an index, so that the search takes logarithmic time. Its strings must not be changed
 * afterwards.
 */
size_t strlist_find(StrList *l, const char *s);

/** strlist_add_once - append a copy of @s unless the list has it, with strlist_find(). Returns 0 or -ENOMEM.
 */
int strlist_add_once(StrList *l, const char *s);

/** strlist_clear - free all; the list is empty and usable afterwards. */
void strlist_clear(StrList *l);

/** env_list_set - set NAME=VALUE in a list of environment entries, replacing an older one. Returns 0 or
 * -ENOMEM. */
int env_list_set(StrList *l, const char *name, const char *value);

#define CLEANUP_STRLIST CLEANUP(strlist_clear)
