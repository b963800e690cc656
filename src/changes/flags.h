/* SPDX-License-Identifier: Apache-2.0 */
/* Flags for changes that deserve a second look before an apply: files that some program runs or trusts later
 * without asking. */
#pragma once

#include "changes/change.h"

/**
 * flags_of - return the reason why the change of @path is flagged, as a short text; NULL: it is not.
 *
 * @path: absolute. @home: the user's home directory, NULL: none.
 */
const char *flags_of(const Change *c, const char *path, const char *home);

/** flags_stripped - return a short text about parts that are never applied (set-user-ID and set-group-ID
 * bits, capabilities, devices); NULL: none. */
const char *flags_stripped(const Change *c);
