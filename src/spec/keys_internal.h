/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations shared by the files that implement types of keys. */
#pragma once

#include "spec/keys.h"

/* Signatures of the functions that parse a value, print it, and decide whether it narrows. */
#define KEY_PARSE(function)                                                                                  \
        int function(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
#define KEY_PRINT(function) int function(const Key *key, const Spec *spec, StrList *ret)
#define KEY_NARROWS(function)                                                                                \
        bool function(const Key *key, const char *value, const KeyContext *ctx, const Spec *spec)

/* keys_types.c: types of many keys, which use the field key->field. */
extern const KeyType key_type_text;    /* char * */
extern const KeyType key_type_switch;  /* bool */
extern const KeyType key_type_choice;  /* an enumeration, with key->words */
extern const KeyType key_type_choices; /* StrList, each once */
extern const KeyType key_type_list;    /* StrList, without duplicates, normalized by key->item */
extern const KeyType key_type_words;   /* the same */

/* keys_filesystem.c: operations, with key->operation as their kind; and others. */
extern const KeyType key_type_bind;  /* PATH[:DEST] */
extern const KeyType key_type_tmpfs; /* PATH[:SIZE] */
extern const KeyType key_type_path;  /* PATH */
extern const KeyType key_type_root, key_type_home, key_type_chdir;

/* keys_resources.c */
extern const KeyType key_type_limit; /* SpecLimit, read by key->limit, at least key->least */
extern const KeyType key_type_io_limit;

/* keys_network.c, keys_security.c, keys.c */
extern const KeyType key_type_bandwidth;
extern const KeyType key_type_run_as, key_type_host_name, key_type_seccomp, key_type_capabilities,
        key_type_env_set;
extern const KeyType key_type_extends;

#define KEY_ITEM_MAX 512

/** One value of a list. */
typedef struct KeyItem {
        /*
         * Returns the normalized @value: @value itself, or in @room of KEY_ITEM_MAX bytes. "": valid, but
         * adds nothing. NULL: refused, and *@ret_right describes a valid value ("must be a port").
         */
        const char *(*spell)(const char *value, char *room, const char **ret_right);
} KeyItem;

extern const KeyItem key_item_net_rule, key_item_port, key_item_publish;
extern const KeyItem key_item_architecture, key_item_variable;

/** How a limit is parsed and printed. */
typedef struct KeyLimit {
        int (*read)(const char *value, LimitUnit *ret_unit, uint64_t *ret); /* 0 or -EINVAL */
        const char *right;                                                  /* "must be ..." */
        const char *suffix; /* appended to a printed amount; NULL: none */
        bool is_share;      /* a weight: other programs have 100 (systemd.resource-control(5)) */
        bool is_finite;     /* does not accept "infinity" */
} KeyLimit;

extern const KeyLimit key_limit_memory, key_limit_left, key_limit_bytes, key_limit_number, key_limit_tasks,
        key_limit_quota, key_limit_weight, key_limit_time;

/** key_field - return the address of the field of a key. */
static inline void *key_field(const Key *key, Spec *spec)
{
        return (char *)spec + key->field;
}

static inline const void *key_field_const(const Key *key, const Spec *spec)
{
        return (const char *)spec + key->field;
}

/** key_bad_value - fill @err: "ORIGIN: NAME=VALUE: RIGHT". Returns -EINVAL. */
int key_bad_value(const Key *key, const char *value, const KeyContext *ctx, const char *right, Error *err);

/** key_replace - replace *@to by a copy of @value. Returns 0 or -ENOMEM with @err. */
int key_replace(char **to, const char *value, Error *err);

/**
 * key_each_word - call @one for each word of a list separated by spaces or commas, while it returns 0.
 * Returns the last result, or -ENOMEM.
 */
int key_each_word(const char *value, int (*one)(const char *word, void *userdata), void *userdata);

/** key_boolean - parse "yes", "no" and the synonyms of systemd.syntax(7). Returns 0 or -EINVAL with @err. */
int key_boolean(const Key *key, const char *value, const KeyContext *ctx, bool *ret, Error *err);

/** key_has_operation - return whether a value of @key stands for this operation, if only FS_OP_SPELLED
 * differs. */
static inline bool key_has_operation(const Key *key, const SpecOp *op)
{
        return key_has(key, KEY_OPERATION) && op->kind == key->operation &&
               ((op->flags ^ key->op_flags) & ~FS_OP_SPELLED) == 0;
}

/** key_print_operation - append one operation to @ret in the syntax of @key. Returns 0 or -ENOMEM. */
int key_print_operation(const Key *key, const SpecOp *op, StrList *ret);

/* Functions for Key.narrows (keys_narrow.c). */
KEY_NARROWS(narrows_always);
KEY_NARROWS(narrows_to_default);
KEY_NARROWS(narrows_to_private);
KEY_NARROWS(narrows_to_self);
KEY_NARROWS(narrows_to_yes);
KEY_NARROWS(narrows_to_no);
KEY_NARROWS(narrows_if_empty);
KEY_NARROWS(narrows_unless_empty);
KEY_NARROWS(narrows_work_dir);
KEY_NARROWS(narrows_project);
KEY_NARROWS(narrows_network_mode);
KEY_NARROWS(narrows_bandwidth);
KEY_NARROWS(narrows_limit);
KEY_NARROWS(narrows_keep_free);
KEY_NARROWS(narrows_seccomp);
