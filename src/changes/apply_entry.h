/* SPDX-License-Identifier: Apache-2.0 */
/* Applies a change of anything but a directory. For the files of apply alone. */
#pragma once

#include "changes/apply.h"

#include <sys/stat.h>

/** apply_take_entry - apply the file, link or deletion @c if the answer is yes; otherwise report it. Returns
 * 0; -errno with a->err if the apply cannot continue. */
int apply_take_entry(Apply *a, const Change *c);

/** apply_note_taken - count and report the applied change @c, and record the resulting file @st; NULL: there
 * is nothing to record. Returns 0 or -errno. */
int apply_note_taken(Apply *a, const Change *c, const struct stat *st);
