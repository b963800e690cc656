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

/** key_print_limit, key_print_io_limits - as key_print(). */
int key_print_limit(const Key *key, const Spec *spec, StrList *ret);
int key_print_io_limits(const Key *key, const Spec *spec, StrList *ret);
