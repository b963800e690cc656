/* SPDX-License-Identifier: Apache-2.0 */
/* A list of owned strings, NULL-terminated so that it can be used as argv and envp. */
#pragma once

#include "base/util.h"

typedef struct StrList {
        char **items; /* NULL if empty; otherwise items[n] == NULL */
        size_t n;
} StrList;

/** strlist_add - append a copy of @s. Returns 0 or -ENOMEM. */
int strlist_add(StrList *l, const char *s);

/** strlist_copy - append copies of all strings in @from. Returns 0 or -ENOMEM. */
int strlist_copy(const StrList *from, StrList *to);

/** strlist_add_printf - append a formatted string. Returns 0 or -ENOMEM. */
int strlist_add_printf(StrList *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** strlist_has - return whether @s is in the list. */
bool strlist_has(const StrList *l, const char *s);

/** strlist_clear - free all; the list is empty and usable afterwards. */
void strlist_clear(StrList *l);

/** env_list_set - set NAME=VALUE in a list of environment entries, replacing an older one. Returns 0 or
 * -ENOMEM. */
int env_list_set(StrList *l, const char *name, const char *value);

#define CLEANUP_STRLIST CLEANUP(strlist_clear)
