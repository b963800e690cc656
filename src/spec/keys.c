/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the table of keys from keys.def, and finds keys in it. */
#include "base/nearest.h"
#include "spec/keys_internal.h"
#include "spec/net_publish.h"
#include "spec/net_site.h"

#include <strings.h>

/* The words of each WORDS_OF: as a list, and for display, "a|b|c". */
#define WORD(value, word) word,
#define WORDS_OF(type, words) static const char *const type##_words[] = {words NULL};
#include "spec/keys.def"

/* "|a|b|c": the displayed text begins after the first bar. */
#define WORD(value, word) "|" word
#define WORDS_OF(type, words) static const char type##_text[] = words;
#include "spec/keys.def"

/* The front end has followed Extends= already. */
static KEY_PARSE(parse_nothing)
{
        (void)key, (void)value, (void)ctx, (void)spec, (void)err;
        return 0;
}

static KEY_PRINT(print_nothing)
{
        (void)key, (void)spec, (void)ret;
        return 0;
}

const KeyType key_type_extends = {0, parse_nothing, print_nothing};

_Static_assert(KEY_MAX <= 64, "Spec.asked has a bit for each key");

/* The type of a key as members of Key. */
#define AT(name) .field = offsetof(Spec, name)
#define TEXT(name) .type = &key_type_text, AT(name)
#define SWITCH(name) .type = &key_type_switch, AT(name), .argument = "yes|no"
#define CHOICE(kind, name)                                                                                   \
        .type = &key_type_choice, AT(name), .words = kind##_words, .argument = &kind##_text[1]
#define CHOICES(kind, name)                                                                                  \
        .type = &key_type_choices, AT(name), .words = kind##_words, .argument = &kind##_text[1]
#define LIST(name, spell, most) .type = &key_type_list, AT(name), .item = &key_item_##spell, .max = (most)
#define WORDS(name, spell) .type = &key_type_words, AT(name), .item = &key_item_##spell
#define LIMIT(name, kind, lowest)                                                                            \
        .type = &key_type_limit, AT(name), .limit = &key_limit_##kind, .least = (lowest)
#define OPERATION(kind, bits, reader) .type = &key_type_##reader, .operation = (kind), .op_flags = (bits)
#define NO_FIELD(reader) .type = &key_type_##reader       /* NOLINT(bugprone-macro-parentheses) */
#define CUSTOM(reader, fields) .type = &key_type_##reader /* NOLINT(bugprone-macro-parentheses) */

const Key keys[KEY_MAX] = {
#define KEY(name_, section_, key_, type_, ...)                                                               \
        [KEY_##name_] = {.id = KEY_##name_, .section = #section_, .name = #key_, type_, __VA_ARGS__},
#include "spec/keys.def"
};

const Key *key_find(const char *section, const char *name)
{
        for (size_t i = 0; i < KEY_MAX; i++)
                if (str_eq(keys[i].section, section) && str_eq(keys[i].name, name))
                        return &keys[i];
        return NULL;
}

const Key *key_find_option(const char *option)
{
        for (size_t i = 0; i < KEY_MAX; i++)
                if (keys[i].option && str_eq(keys[i].option, option))
                        return &keys[i];
        return NULL;
}

const KeyAlias *key_find_alias(const char *option)
{
        for (size_t i = 0; i < key_aliases_n; i++)
                if (str_eq(key_aliases[i].option, option))
                        return &key_aliases[i];
        return NULL;
}

const Key *key_find_short(char letter)
{
        for (size_t i = 0; i < KEY_MAX; i++)
                if (letter != '\0' && keys[i].short_option == letter)
                        return &keys[i];
        return NULL;
}

const Key *key_nearest(const char *name)
{
        Nearest n = NEAREST(name);
        const Key *best = &keys[0];
        for (size_t i = 0; i < KEY_MAX; i++)
                if (nearest_offer(&n, keys[i].name))
                        best = &keys[i];
        return best;
}

int key_parse(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
{
        int r = key->type->parse(key, value, ctx, spec, err);
        if (r < 0)
                return r;
        const uint64_t bit = UINT64_C(1) << key->id;
        spec->asked |= bit;
        spec->by_installed = ctx->installed ? spec->by_installed | bit : spec->by_installed & ~bit;
        return 0;
}

int key_print(const Key *key, const Spec *spec, StrList *ret)
{
        if (key_has(key, KEY_ONLY_ASKED) && !spec_asked(spec, key->id))
                return 0;
        return key->type->print(key, spec, ret);
}
