/* SPDX-License-Identifier: Apache-2.0 */
/* Removing a kept sandbox. */
#pragma once

#include "run/kept.h"

/**
 * kept_discard - remove the sandbox @name with all it wrote, also files of its subordinate ids. Progress is
 * shown on a terminal.
 *
 * Returns 0; what kept_open_dir() returns; -errno with @err when something is left.
 */
int kept_discard(const char *name, Error *err);
