/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format of profiles: "[Section]" and "Key=value", one per line of any length. Spaces around a line, a
 * key and a value are ignored. A line that begins with # or ; is a comment, and so is everything after a
 * space and a ; in a value. There are no continuation lines and no quotes (systemd.syntax(7) without these
 * two).
 */
#pragma once

#include "base/util.h"

/** Called for each pair; the strings are valid during the call. Returns 0 or -errno, which stops the parser.
 */
typedef int IniPair(unsigned line, const char *section, const char *key, const char *value, void *userdata);

/**
 * ini_read - call @pair for each pair in @len bytes at @text, in order.
 *
 * @ret_line, @ret_what: for a syntax error (-EINVAL), the line and a constant text; after an error of @pair,
 * *@ret_what is NULL.
 *
 * Returns 0; the error of @pair; -EINVAL: an invalid line, a NUL byte, a key without a section; -ENOMEM.
 */
int ini_read(const char *text, size_t len, IniPair *pair, void *userdata, unsigned *ret_line,
             const char **ret_what);
