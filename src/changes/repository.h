/* SPDX-License-Identifier: Apache-2.0 */
/* Which directories git takes for a repository's. */
#pragma once

#include "changes/layer.h"

/**
 * repository_is - whether git would take a directory for a repository's: with HEAD, and with objects and refs
 * of its own or those that commondir names (setup.c, is_git_directory()).
 *
 * @upper, @lower: its two halves; FD_NONE: there is none.
 */
bool repository_is(int upper, int lower);

/** repository_count_below - how many components of the layer's own path lie below such a directory; 0: it is
 * in none. */
uint32_t repository_count_below(const ChangesLayer *layer);
