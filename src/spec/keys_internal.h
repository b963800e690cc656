/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the key table share. */
#pragma once

#include "spec/keys.h"

/** key_bad_value - fill @err: "ORIGIN: NAME=VALUE: RIGHT". Returns -EINVAL. */
int key_bad_value(const Key *key, const char *value, const KeyContext *ctx, const char *right, Error *err);

/** key_boolean - "yes" or "no", and what systemd.syntax(7) has for them. 0 or -EINVAL with @err. */
int key_boolean(const Key *key, const char *value, const KeyContext *ctx, bool *ret, Error *err);

/* keys_resources.c: Key.parse of [Resources] */
int key_parse_limit(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err);
int key_parse_io_limit(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err);
int key_parse_delegate(const Key *key, const char *value, const KeyContext *ctx, Spec *spec, Error *err);

/** key_print_limit, key_print_io_limits - as key_print(). */
int key_print_limit(const Key *key, const Spec *spec, StrList *ret);
int key_print_io_limits(const Key *key, const Spec *spec, StrList *ret);
