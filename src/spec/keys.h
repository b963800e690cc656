/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key table, generated from keys.def, which profiles, the command line, --help, the man pages and
 * "profile check" use.
 */
#pragma once

#include "spec/spec.h"

/** The context in which a value is parsed. */
typedef struct KeyContext {
        const char *home; /* for "~" and $HOME; NULL: such a value is an error */
        const char *cwd; /* base of relative paths on the command line; NULL (profiles): a relative path is an
                            error */
        const char *(*getenv)(const char *name); /* for $XDG_* only */
        const char *here;   /* profiles: the working directory, for paths that begin with "./"; NULL: such a
                               path is an error */
        const char *origin; /* "FILE:LINE" or "--option" */
        bool expand;        /* profiles: expand $HOME and $XDG_*; for options the shell did */
        bool installed;     /* an installed profile: its values are defaults */
        bool holds_home;    /* the working directory is, or contains, the home directory */
} KeyContext;

enum {
        /* Of a type: */
        KEY_REPEATS = 1 << 0,   /* values add up; an empty value clears the earlier ones */
        KEY_BOOLEAN = 1 << 1,   /* the value of the option may be omitted: yes */
        KEY_OPERATION = 1 << 2, /* an operation on the file system, in Spec.ops */
        /* Of a key: */
        KEY_ONLY_ASKED = 1 << 3,   /* printed only if it was set, because its default depends on other keys */
        KEY_TAKES_GROUP = 1 << 4,  /* a limit that only a control group can enforce */
        KEY_ASKS_NETWORK = 1 << 5, /* its option has no use without a network, and implies Mode=slirp */
};

typedef struct Key Key;

/** The type of the value of a key. */
typedef struct KeyType {
        unsigned flags;
        /* Reads @value into @spec. Returns 0 or -errno with @err, whose text starts with ctx->origin. */
        int (*parse)(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err);
        /* Appends the values in @spec to @ret, in the syntax of @parse. Returns 0 or -ENOMEM. */
        int (*print)(const Key *key, const Spec *spec, StrList *ret);
} KeyType;

/** One entry of keys.def. */
struct Key {
        KeyId id;
        const char *section; /* "Filesystem" */
        const char *name;    /* "ReadOnly" */
        const KeyType *type;
        /* Parameters of the type. */
        size_t field;                 /* offset of the field in Spec; 0: the type knows its fields */
        const char *const *words;     /* CHOICE, CHOICES: the words by value; NULL-terminated */
        const struct KeyItem *item;   /* LIST, WORDS */
        size_t max;                   /* LIST: maximum number of values; 0: no limit */
        const struct KeyLimit *limit; /* LIMIT */
        uint64_t least;               /* LIMIT: the least amount */
        FsOpKind operation;           /* OPERATION: its kind and flags */
        unsigned op_flags;
        /* Texts for the user. */
        const char *option;       /* "read-only"; NULL: only profiles have the key */
        char short_option;        /* 'e', or 0 */
        const char *argument;     /* "PATH[:DEST]" */
        const char *default_text; /* "overlay"; NULL: empty */
        const char *help;         /* one line for --help */
        const char *manual;       /* a paragraph for kurung-profile(5), plain text */
        unsigned flags;
        /* Whether @value can only restrict what @spec allows so far, so that an untrusted profile of a
         * project may have it; NULL: never. For a value that the type refuses, either answer is possible. */
        bool (*narrows)(const Key *key, const char *value, const KeyContext *ctx, const Spec *spec);
};

/** key_has - return whether a key, or its type, has one of the flags KEY_*. */
static inline bool key_has(const Key *key, unsigned flag)
{
        return ((key->flags | key->type->flags) & flag) != 0;
}

/** The table, KEY_MAX entries, indexed by KeyId. */
extern const Key keys[KEY_MAX];

/** key_find - find a key by section and name (case-sensitive); NULL: unknown. */
const Key *key_find(const char *section, const char *name);

/** key_find_option - find a key by its long option without dashes; key_find_short - by its letter. NULL:
 * unknown. */
const Key *key_find_option(const char *option);
const Key *key_find_short(char letter);

/** An alternative name of an option, for users of other programs. */
typedef struct KeyAlias {
        const char *option;   /* "cpus" */
        KeyId id;             /* KEY_CPU_QUOTA */
        const char *argument; /* "N" */
        /* Converts the value to that of the key, in @out. Returns 0 or -EINVAL. */
        int (*convert)(const char *value, char *out, size_t room);
} KeyAlias;

extern const KeyAlias key_aliases[];
extern const size_t key_aliases_n;

/** key_find_alias - find an alias by its long option without dashes; NULL: unknown. */
const KeyAlias *key_find_alias(const char *option);

/** key_nearest - find the key whose "Section.Name" is nearest to @name (edit distance), for errors; never
 * NULL. */
const Key *key_nearest(const char *name);

/**
 * key_parse - parse one value into @spec and mark the key as set.
 *
 * Returns 0, or -EINVAL (-ENOMEM) with @err: "ORIGIN: NAME=VALUE: EXPECTED VALUE".
 */
int key_parse(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err);

/** key_narrows - return whether @value of @key can only restrict what @spec allows so far (Key.narrows). */
bool key_narrows(const Key *key, const char *value, const KeyContext *ctx, const Spec *spec);

/** key_print - append the values of a key in @spec to @ret, in the syntax of a profile. Returns 0 or -ENOMEM.
 */
int key_print(const Key *key, const Spec *spec, StrList *ret);

/** spec_limit - return the limit of a LIMIT key. */
static inline const SpecLimit *spec_limit(const Spec *spec, KeyId id)
{
        return (const SpecLimit *)(const void *)((const char *)spec + keys[id].field);
}

/** spec_has_limits - return whether a limit in [Resources] that requires control groups is set. */
bool spec_has_limits(const Spec *spec);

/**
 * spec_store - store the whole spec as lines "Section.Name=value" for spec_restore(), including the order of
 * the operations and which limits are defaults. Returns 0; -ENOMEM; -EINVAL for an operation that no key can
 * express.
 */
int spec_store(const Spec *spec, StrList *ret);

/**
 * spec_restore - parse the lines into @spec, which spec_init() has initialized.
 *
 * @origin: the source of the lines, for errors. Returns 0, -EINVAL or -ENOMEM with @err.
 */
int spec_restore(const StrList *lines, const char *origin, Spec *spec, Error *err);
