/* SPDX-License-Identifier: Apache-2.0 */
/* What the files with the parsers of keys share. */
#pragma once

#include "spec/keys.h"

#define KEY_PARSER(function)                                                                                 \
        int function(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err)

/** key_bad_value - "ORIGIN: NAME=VALUE: @right" with EINVAL. Returns -EINVAL. */
int key_bad_value(const Key *key, const char *value, const KeyContext *ctx, const char *right, Error *err);

/** key_choose - a value that is one of a key's few words, which its "argument" lists as "a|b|c". Returns the
 * index, or -EINVAL with @err. */
int key_choose(const Key *key, const char *value, const KeyContext *ctx, Error *err);

/** key_boolean - yes or no, as systemd spells them. 0 or -EINVAL with @err. */
int key_boolean(const Key *key, const char *value, const KeyContext *ctx, bool *ret, Error *err);

/* [Network], and NetworkBandwidthMax= of [Resources] (keys_network.c). */
KEY_PARSER(key_network_mode);
KEY_PARSER(key_network_rule);
KEY_PARSER(key_network_switch);
KEY_PARSER(key_network_allow_from);
KEY_PARSER(key_network_host_loopback);
KEY_PARSER(key_network_publish);
KEY_PARSER(key_network_bandwidth);
