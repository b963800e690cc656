/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of "kurung profile". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct ProfileVerb {
        const char *name;
        const char *arguments; /* "[--json] NAME|FILE" */
        const char *help;      /* lines, the later ones indented */
        bool takes_json, takes_dry_run;
        const char *words; /* like Command.words */
} ProfileVerb;

extern const ProfileVerb profile_verbs[];
extern const size_t profile_verbs_n;
