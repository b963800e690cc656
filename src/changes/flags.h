/* SPDX-License-Identifier: Apache-2.0 */
/* What is worth a second look before it is taken over: files that somebody runs or trusts later without being
 * asked. */
#pragma once

#include "changes/change.h"

/**
 * flags_of - why the change of @path deserves a second look, in a few words; NULL: it does not.
 *
 * @path: absolute. @home: the user's home directory, NULL: none.
 */
const char *flags_of(const Change *c, const char *path, const char *home);

/** flags_stripped - what is never taken: set-user-ID and set-group-ID bits, capabilities, devices; NULL:
 * nothing. */
const char *flags_stripped(const Change *c);
