/* SPDX-License-Identifier: Apache-2.0 */
/* Flags for changes that deserve a second look before an apply: files that some program runs or trusts later
 * without asking. */
#pragma once

#include "changes/change.h"

/**
 * flags_of - return the reason why the change of @path is flagged, as a short text; NULL: it is not.
 *
 * @path: absolute. @home: the user's home directory, NULL: none. @search: the user's $PATH, NULL: none.
 */
const char *flags_of(const Change *c, const char *path, const char *home, const char *search);

/** flags_is_searched - whether the user's shell finds the file at @path by its name: an executable, or a
 * link, in a directory of @search, such as that of an active virtual environment. */
bool flags_is_searched(const Change *c, const char *path, const char *search);

/** flags_stripped - return a short text about parts that are never applied (set-user-ID and set-group-ID
 * bits, capabilities, devices); NULL: none. */
const char *flags_stripped(const Change *c);
