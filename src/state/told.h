/* SPDX-License-Identifier: Apache-2.0 */
/* Notices that are shown once, and not at every start. */
#pragma once

#include "base/util.h"

/** told_before - return whether told_remember() has stored this line in @state_dir (NULL: none). */
bool told_before(const char *state_dir, const char *line);

/** told_remember - store the line if possible. */
void told_remember(const char *state_dir, const char *line);
