/* SPDX-License-Identifier: Apache-2.0 */
/* Finds programs by name. */
#pragma once

#include "base/util.h"

/**
 * program_find - return the first executable file @name in the directories of @path, as execvp(3) finds it,
 * but in absolute directories only.
 *
 * @path: as $PATH. Returns the absolute path, owned by the caller; NULL: none, or out of memory.
 */
char *program_find(const char *path, const char *name);
