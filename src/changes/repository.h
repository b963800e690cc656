/* SPDX-License-Identifier: Apache-2.0 */
/* Recognizes the directories that git treats as repositories. */
#pragma once

#include "changes/layer.h"

/**
 * repository_is - return whether git would treat a directory as a repository: it has HEAD, and either objects
 * and refs or a commondir (git's setup.c, is_git_directory()).
 *
 * @upper, @lower: its two halves; FD_NONE: none.
 */
bool repository_is(int upper, int lower);

/** repository_count_below - return how many components of the layer's own path lie below such a directory; 0:
 * it is in none. */
uint32_t repository_count_below(const ChangesLayer *layer);
