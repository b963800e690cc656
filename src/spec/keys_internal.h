/* SPDX-License-Identifier: Apache-2.0 */
/* What the files with the types of keys share. */
#pragma once

#include "spec/keys.h"

/* Each function that reads a value, one that tells it, and one that says whether it narrows. */
#define KEY_PARSE(function)                                                                                  \
        int function(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)
#define KEY_PRINT(function) int function(const Key *key, const Spec *spec, StrList *ret)
#define KEY_NARROWS(function)                                                                                \
        bool function(const Key *key, const char *value, const KeyContext *ctx, const Spec *spec)

/* keys_types.c: types of many keys, with key->field as what they work on. */
extern const KeyType key_type_text;    /* char * */
extern const KeyType key_type_switch;  /* bool */
extern const KeyType key_type_choice;  /* an enumeration, with key->words */
extern const KeyType key_type_choices; /* StrList, each once */
extern const KeyType key_type_list;    /* StrList, each once, as key->item spells them */
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
         * The one spelling of @value: @value itself, or made in @room of KEY_ITEM_MAX bytes. "": it is legal
         * and adds nothing. NULL: it is refused, and *@ret_right is what would be right ("must be a port").
         */
        const char *(*spell)(const char *value, char *room, const char **ret_right);
} KeyItem;

extern const KeyItem key_item_net_rule, key_item_port, key_item_publish;
extern const KeyItem key_item_architecture, key_item_variable;

/** How a limit is read and told. */
typedef struct KeyLimit {
        int (*read)(const char *value, LimitUnit *ret_unit, uint64_t *ret); /* 0 or -EINVAL */
        const char *right;                                                  /* "must be ..." */
        const char *suffix; /* behind an amount that is told; NULL: none */
        bool is_share;      /* of what others want, too: they have 100 (systemd.resource-control(5)) */
        bool is_finite;     /* "infinity" is no value of it */
} KeyLimit;

extern const KeyLimit key_limit_memory, key_limit_left, key_limit_bytes, key_limit_number, key_limit_tasks,
        key_limit_quota, key_limit_weight, key_limit_time;

/** key_field - where a value is kept. */
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

/** key_replace - put a copy of @value in place of *@to. 0 or -ENOMEM with @err. */
int key_replace(char **to, const char *value, Error *err);

/** key_each_word - call @one for each word of a list that spaces or commas separate, while it returns 0.
 * Returns what it returned, or -ENOMEM. */
int key_each_word(const char *value, int (*one)(const char *word, void *userdata), void *userdata);

/** key_boolean - "yes" or "no", and what systemd.syntax(7) has for them. 0 or -EINVAL with @err. */
int key_boolean(const Key *key, const char *value, const KeyContext *ctx, bool *ret, Error *err);

/** key_has_operation - whether an operation is what a value of @key says. */
static inline bool key_has_operation(const Key *key, const SpecOp *op)
{
        return key_has(key, KEY_OPERATION) && op->kind == key->operation && op->flags == key->op_flags;
}

/** key_print_operation - one operation, as its key @key spells it. 0 or -ENOMEM. */
int key_print_operation(const Key *key, const SpecOp *op, StrList *ret);

/* What only takes rights away (keys_narrow.c). */
KEY_NARROWS(narrows_always);
KEY_NARROWS(narrows_to_default);
KEY_NARROWS(narrows_to_private);
KEY_NARROWS(narrows_to_self);
KEY_NARROWS(narrows_to_yes);
KEY_NARROWS(narrows_to_no);
KEY_NARROWS(narrows_if_empty);
KEY_NARROWS(narrows_unless_empty);
KEY_NARROWS(narrows_work_dir);
KEY_NARROWS(narrows_network_mode);
KEY_NARROWS(narrows_bandwidth);
KEY_NARROWS(narrows_limit);
KEY_NARROWS(narrows_keep_free);
KEY_NARROWS(narrows_seccomp);
