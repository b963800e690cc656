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

/** kept_remove_entry - remove one entry of @dirfd, also where its files belong to subordinate ids of
 * @identity. 0 or -errno with @err. */
int kept_remove_entry(int dirfd, const char *name, const Plan *identity, Error *err);
