/* SPDX-License-Identifier: Apache-2.0 */
/* What the user was told once, and need not be told at every start. */
#pragma once

#include "base/util.h"

/** told_before - whether told_remember() has kept this very line in @state_dir (NULL: nowhere). */
bool told_before(const char *state_dir, const char *line);

/** told_remember - keep it, where it can be kept. */
void told_remember(const char *state_dir, const char *line);
