/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one key table, made of keys.def: profiles, command line, --help, the man pages and "profile check" are
 * all made from it.
 */
#pragma once

#include "spec/spec.h"

/** What a value is read against. */
typedef struct KeyContext {
        const char *home; /* for "~" and $HOME; NULL: such a value is an error */
        const char
                *cwd; /* base of relative paths on the command line; NULL (profiles): relative is an error */
        const char *(*getenv)(const char *name); /* for $XDG_*; never for anything else */
        const char *origin;                      /* "FILE:LINE" or "--option" */
        bool expand;     /* profiles: expand ~, $HOME and $XDG_*; the shell did it for options */
        bool installed;  /* a profile that came with kurung: what it says of limits is a default */
        bool holds_home; /* the working directory is the home directory or one above it */
} KeyContext;

enum {
        /* Of a type: */
        KEY_REPEATS = 1 << 0,   /* values add up; an empty value clears what was inherited */
        KEY_BOOLEAN = 1 << 1,   /* the option may stand without a value: yes */
        KEY_OPERATION = 1 << 2, /* an operation on the file system, in Spec.ops */
        /* Of a key: */
        KEY_ONLY_ASKED = 1 << 3,  /* told only when it was asked for, as its default depends on other keys */
        KEY_TAKES_GROUP = 1 << 4, /* a limit that only a control group can hold */
};

typedef struct Key Key;

/** What the value of a key is. */
typedef struct KeyType {
        unsigned flags;
        /* Reads @value into @spec. Returns 0 or -errno with @err, whose text starts with ctx->origin. */
        int (*parse)(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err);
        /* Appends to @ret what @spec holds, as @parse would read it; each value by itself. 0 or -ENOMEM. */
        int (*print)(const Key *key, const Spec *spec, StrList *ret);
} KeyType;

/** One entry of keys.def. */
struct Key {
        KeyId id;
        const char *section; /* "Filesystem" */
        const char *name;    /* "ReadOnly" */
        const KeyType *type;
        /* What the type works on. */
        size_t field;                 /* its offset in Spec; 0: those of the type's own */
        const char *const *words;     /* CHOICE, CHOICES: the words by their value, and NULL */
        const struct KeyItem *item;   /* LIST, WORDS */
        size_t max;                   /* LIST: values at most; 0: any number */
        const struct KeyLimit *limit; /* LIMIT */
        uint64_t least;               /* LIMIT: the least amount */
        FsOpKind operation;           /* OPERATION: its kind and flags */
        unsigned op_flags;
        /* What people are told. */
        const char *option;       /* "read-only"; NULL: only a profile can say it */
        char short_option;        /* 'e', or 0 */
        const char *argument;     /* "PATH[:DEST]" */
        const char *default_text; /* "overlay"; NULL when empty */
        const char *help;         /* one line for --help */
        const char *manual;       /* a paragraph for kurung-profile(5), plain text */
        unsigned flags;
        /* Whether @value can only take rights away from what @spec allows so far, so that a profile of a
         * project that nobody trusts may say it; NULL: never. A value that the type refuses may get either
         * answer. */
        bool (*narrows)(const Key *key, const char *value, const KeyContext *ctx, const Spec *spec);
};

/** key_has - whether a key, or its type, has one of the flags KEY_*. */
static inline bool key_has(const Key *key, unsigned flag)
{
        return ((key->flags | key->type->flags) & flag) != 0;
}

/** The table, KEY_MAX entries, indexed by KeyId. */
extern const Key keys[KEY_MAX];

/** key_find - by section and name as a profile spells them (exact case); NULL: unknown. */
const Key *key_find(const char *section, const char *name);

/** key_find_option - by long option without dashes, or NULL; key_find_short - by letter. */
const Key *key_find_option(const char *option);
const Key *key_find_short(char letter);

/** Another spelling of an option, for fingers that are used to it. */
typedef struct KeyAlias {
        const char *option;   /* "cpus" */
        KeyId id;             /* KEY_CPU_QUOTA */
        const char *argument; /* "N" */
        /* The value as the key has it, in @out. 0 or -EINVAL. */
        int (*convert)(const char *value, char *out, size_t room);
} KeyAlias;

extern const KeyAlias key_aliases[];
extern const size_t key_aliases_n;

/** key_find_alias - by long option without dashes, or NULL. */
const KeyAlias *key_find_alias(const char *option);

/** key_nearest - "Section.Name" spelled most like @name (edit distance), for errors; never NULL. */
const Key *key_nearest(const char *name);

/** key_nearest_option - the same for long options. */
const Key *key_nearest_option(const char *option);

/**
 * key_parse - read one value into @spec and mark the key as asked for.
 *
 * Returns 0, or -EINVAL (-ENOMEM) with @err: "ORIGIN: what is wrong with which value; what would be right".
 */
int key_parse(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err);

/** key_narrows - whether @value of @key can only take rights away from what @spec allows so far
 * (Key.narrows). */
bool key_narrows(const Key *key, const char *value, const KeyContext *ctx, const Spec *spec);

/** key_print - append to @ret the values that @spec holds for a key, as a profile spells them. 0 or
 * -ENOMEM. */
int key_print(const Key *key, const Spec *spec, StrList *ret);

/** spec_limit - the limit of a LIMIT key. */
static inline const SpecLimit *spec_limit(const Spec *spec, KeyId id)
{
        return (const SpecLimit *)(const void *)((const char *)spec + keys[id].field);
}

/** spec_has_limits - whether anything of [Resources] is wanted that takes control groups. */
bool spec_has_limits(const Spec *spec);

/**
 * spec_store - all that was asked for, as lines "Section.Name=value" that spec_restore() takes back: with the
 * order of what the file system is made of, and with which limits are only defaults. 0 or -ENOMEM; -EINVAL
 * for an operation that no key can say.
 */
int spec_store(const Spec *spec, StrList *ret);

/**
 * spec_restore - read the lines into @spec, which is what spec_init() makes.
 *
 * @origin: what errors say it comes from. Returns 0, -EINVAL or -ENOMEM with @err.
 */
int spec_restore(const StrList *lines, const char *origin, Spec *spec, Error *err);
