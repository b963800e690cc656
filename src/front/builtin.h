/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles that are part of the program: the files of profiles/, put into C by embed.awk. */
#pragma once

#include <stddef.h>

typedef struct BuiltinProfile {
        const char *name;
        const char *text; /* the whole file */
} BuiltinProfile;

/** The built-in profiles, sorted by name. */
extern const BuiltinProfile builtin_profiles[];
extern const size_t builtin_profiles_n;
