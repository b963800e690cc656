/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sections and keys as profiles have them: "[Section]" and "Key=value", one a line of any length. Spaces
 * around a line, a key and a value count for nothing. A line that begins with # or ; is a comment, and so is
 * what follows a space and a ; behind a value. No line goes on in the next one, and nothing is quoted
 * (systemd.syntax(7), without these two).
 */
#pragma once

#include "base/util.h"

/** What is done with a pair; the strings are gone afterwards. Returns 0 or -errno, which ends the reading. */
typedef int IniPair(unsigned line, const char *section, const char *key, const char *value, void *userdata);

/**
 * ini_read - call @pair for each pair of @len bytes at @text, in their order.
 *
 * @ret_line, @ret_what: with -EINVAL of its own, the line and what is wrong with it, a constant; what @pair
 * returned leaves *@ret_what NULL.
 *
 * Returns 0; what @pair returned; -EINVAL: a line that is none of these, a NUL byte, a key without a section;
 * -ENOMEM.
 */
int ini_read(const char *text, size_t len, IniPair *pair, void *userdata, unsigned *ret_line,
             const char **ret_what);
