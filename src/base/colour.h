/* SPDX-License-Identifier: Apache-2.0 */
/* Colours of kurung's own output (ECMA-48, SGR). */
#pragma once

#include "base/util.h"

typedef enum ColourWhen {
        COLOUR_AUTO, /* on a terminal, unless NO_COLOR is set (no-color.org) or TERM is "dumb" */
        COLOUR_ALWAYS,
        COLOUR_NEVER,
} ColourWhen;

#define COLOUR_BOLD "\033[1m"
#define COLOUR_RED "\033[31m"
#define COLOUR_GREEN "\033[32m"
#define COLOUR_YELLOW "\033[33m"
#define COLOUR_CYAN "\033[36m"
#define COLOUR_BOLD_RED "\033[1;31m"
#define COLOUR_REVERSE "\033[7m"
#define COLOUR_RESET "\033[m"

/** colour_parse - parse "auto", "always" or "never". Returns 0 or -EINVAL. */
int colour_parse(const char *text, ColourWhen *ret);

/** colour_wanted - return whether output to the descriptor @fd is to have colours. */
bool colour_wanted(int fd, ColourWhen when);
