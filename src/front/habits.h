/* SPDX-License-Identifier: Apache-2.0 */
/* Words that users know from other programs, and what kurung has for them. */
#pragma once

#include "base/error.h"

/**
 * habits_option_advice - return what to use in place of an unknown option of docker, podman, firejail or
 * bwrap: "use --net=none, slirp or host"; NULL: unknown.
 *
 * @word: as it was written, with its dashes, and maybe "=VALUE".
 */
const char *habits_option_advice(const char *word);

/** habits_other_option_advice - the same for an unknown option of a command that starts no sandbox ("exec").
 */
const char *habits_other_option_advice(const char *command, const char *word);

/** habits_command_advice - the same for an unknown command. */
const char *habits_command_advice(const char *word);
