/* SPDX-License-Identifier: Apache-2.0 */
/* What the files with the parsers of keys share. */
#pragma once

#include "spec/keys.h"

#define KEY_PARSER(function)                                                                                 \
        int function(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)

/** key_bad_value - fill @err: "ORIGIN: NAME=VALUE: RIGHT". Returns -EINVAL. */
int key_bad_value(const Key *key, const char *value, const KeyContext *ctx, const char *right, Error *err);

/** key_choose - a value that is one of a key's few words, which its "argument" lists as "a|b|c". Returns the
 * index, or -EINVAL with @err. */
int key_choose(const Key *key, const char *value, const KeyContext *ctx, Error *err);

/** key_boolean - "yes" or "no", and what systemd.syntax(7) has for them. 0 or -EINVAL with @err. */
int key_boolean(const Key *key, const char *value, const KeyContext *ctx, bool *ret, Error *err);

/* [Network], and NetworkBandwidthMax= of [Resources] (keys_network.c). */
KEY_PARSER(key_network_mode);
KEY_PARSER(key_network_rule);
KEY_PARSER(key_network_switch);
KEY_PARSER(key_network_allow_from);
KEY_PARSER(key_network_host_loopback);
KEY_PARSER(key_network_publish);
KEY_PARSER(key_network_bandwidth);

/* [Resources] (keys_resources.c). */
KEY_PARSER(key_parse_limit);
KEY_PARSER(key_parse_io_limit);
KEY_PARSER(key_parse_delegate);

#define KEY_NARROWS(function)                                                                                \
        bool function(const Key *key, const char *value, const KeyContext *ctx, const Spec *spec)

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

/** key_print_op - one operation, as its key spells it. 0 or -ENOMEM. */
int key_print_op(const SpecOp *op, StrList *ret);

/** key_print_limit, key_print_io_limits - as key_print(). */
int key_print_limit(const Key *key, const Spec *spec, StrList *ret);
int key_print_io_limits(const Key *key, const Spec *spec, StrList *ret);
