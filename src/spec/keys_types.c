/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and prints the value types that many keys share. */
#include "spec/keys_internal.h"

#include <stdio.h>

int key_bad_value(const Key *key, const char *value, const KeyContext *ctx, const char *right, Error *err)
{
        return error_set(err, EINVAL, "%s: %s=%.100s: %s", ctx->origin, key->name, value, right);
}

int key_replace(char **to, const char *value, Error *err)
{
        char *copy = strdup(value);
        if (!copy)
                return error_no_memory(err);
        free(*to);
        *to = copy;
        return 0;
}

static KEY_PARSE(parse_text)
{
        (void)ctx;
        return key_replace(key_field(key, spec), value, err);
}

static KEY_PRINT(print_text)
{
        char *const *text = key_field_const(key, spec);
        return *text ? strlist_add(ret, *text) : 0;
}

const KeyType key_type_text = {0, parse_text, print_text};

int key_boolean(const Key *key, const char *value, const KeyContext *ctx, bool *ret, Error *err)
{
        if (str_eq(value, "yes") || str_eq(value, "true") || str_eq(value, "on") || str_eq(value, "1"))
                *ret = true;
        else if (str_eq(value, "no") || str_eq(value, "false") || str_eq(value, "off") || str_eq(value, "0"))
                *ret = false;
        else
                return key_bad_value(key, value, ctx, "must be yes or no", err);
        return 0;
}

static KEY_PARSE(parse_switch)
{
        return key_boolean(key, value, ctx, key_field(key, spec), err);
}

static KEY_PRINT(print_switch)
{
        const bool *yes = key_field_const(key, spec);
        return strlist_add(ret, *yes ? "yes" : "no");
}

const KeyType key_type_switch = {KEY_BOOLEAN, parse_switch, print_switch};

/* Returns the index of a word, or -EINVAL with @err. */
static int choose(const Key *key, const char *value, const KeyContext *ctx, Error *err)
{
        for (int i = 0; key->words[i]; i++)
                if (str_eq(key->words[i], value))
                        return i;
        char right[200];
        (void)snprintf(right, sizeof(right), "must be one of %s", key->argument);
        return key_bad_value(key, value, ctx, right, err);
}

_Static_assert(sizeof(OverlayEngine) == sizeof(unsigned) && sizeof(NetworkMode) == sizeof(unsigned),
               "a choice is kept as an unsigned number");

static KEY_PARSE(parse_choice)
{
        int i = choose(key, value, ctx, err);
        if (i < 0)
                return i;
        *(unsigned *)key_field(key, spec) = (unsigned)i;
        return 0;
}

static KEY_PRINT(print_choice)
{
        return strlist_add(ret, key->words[*(const unsigned *)key_field_const(key, spec)]);
}

const KeyType key_type_choice = {0, parse_choice, print_choice};

/* Duplicates are dropped. */
static int add_once(StrList *list, const char *text, Error *err)
{
        return strlist_add_once(list, text) == 0 ? 0 : error_no_memory(err);
}

static KEY_PARSE(parse_choices)
{
        StrList *list = key_field(key, spec);
        if (value[0] == '\0') {
                strlist_clear(list);
                return 0;
        }
        int r = choose(key, value, ctx, err);
        return r < 0 ? r : add_once(list, value, err);
}

/* A list that was cleared is printed as an empty value. */
static KEY_PRINT(print_list)
{
        const StrList *list = key_field_const(key, spec);
        int r = list->n == 0 && spec_asked(spec, key->id) ? strlist_add(ret, "") : 0;
        for (size_t i = 0; r == 0 && i < list->n; i++)
                r = strlist_add(ret, list->items[i]);
        return r;
}

const KeyType key_type_choices = {KEY_REPEATS, parse_choices, print_list};

typedef struct Adding {
        const Key *key;
        StrList *list;
        const char *right; /* description of a valid value, with -EINVAL */
} Adding;

static int add_item(const char *value, void *userdata)
{
        Adding *a = userdata;
        char room[KEY_ITEM_MAX];
        const char *text = a->key->item->spell(value, room, &a->right);
        if (!text)
                return -EINVAL;
        return text[0] == '\0' ? 0 : strlist_add_once(a->list, text);
}

static int end_adding(const Adding *a, int r, const char *value, const KeyContext *ctx, Error *err)
{
        if (r == -ENOMEM)
                return error_no_memory(err);
        return r < 0 ? key_bad_value(a->key, value, ctx, a->right, err) : 0;
}

static KEY_PARSE(parse_list)
{
        Adding a = {.key = key, .list = key_field(key, spec), .right = ""};
        if (value[0] == '\0') {
                strlist_clear(a.list);
                return 0;
        }
        int r = add_item(value, &a);
        if (r == 0 && key->max > 0 && a.list->n > key->max) {
                char right[64];
                (void)snprintf(right, sizeof(right), "at most %zu values are allowed", key->max);
                return key_bad_value(key, value, ctx, right, err);
        }
        return end_adding(&a, r, value, ctx, err);
}

const KeyType key_type_list = {KEY_REPEATS, parse_list, print_list};

int key_each_word(const char *value, int (*one)(const char *word, void *userdata), void *userdata)
{
        CLEANUP_FREE char *copy = strdup(value);
        char *save = NULL;
        int r = copy ? 0 : -ENOMEM;
        for (char *p = r < 0 ? NULL : strtok_r(copy, " \t,", &save); r == 0 && p;
             p = strtok_r(NULL, " \t,", &save))
                r = one(p, userdata);
        return r;
}

static KEY_PARSE(parse_words)
{
        Adding a = {.key = key, .list = key_field(key, spec), .right = ""};
        if (value[0] == '\0') {
                strlist_clear(a.list);
                return 0;
        }
        return end_adding(&a, key_each_word(value, add_item, &a), value, ctx, err);
}

const KeyType key_type_words = {KEY_REPEATS, parse_words, print_list};
