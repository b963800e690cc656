/* SPDX-License-Identifier: Apache-2.0 */
/* A change of what is no directory. For the files of apply alone. */
#pragma once

#include "changes/apply.h"

#include <sys/stat.h>

/** apply_take_entry - take the file, link or deletion @c, if it is to be taken; else it is reported. 0;
 * -errno with a->err when the apply cannot go on. */
int apply_take_entry(Apply *a, const Change *c);

/** apply_note_taken - count @c, report it, and remember what was made of it: @st; NULL: nothing is to be
 * remembered. 0 or -errno. */
int apply_note_taken(Apply *a, const Change *c, const struct stat *st);
