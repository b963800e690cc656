/* SPDX-License-Identifier: Apache-2.0 */
/* Decides whether a directory of the host is the one that the sandbox saw. For the files of apply alone. */
#pragma once

#include "changes/apply.h"

/**
 * apply_identify - compare the directory on top, which exists on the host, with the record of the host's
 * directories, or, without a line, with the start of the sandbox. Sets the state of its level.
 *
 * @c: its change. @st: its state. Returns 0 or -errno.
 */
int apply_identify(Apply *a, const Change *c, const struct stat *st);

/** apply_report_foreign - report that the change @c at a->path is skipped, which is the directory on top or
 * in it; it, or a directory above it, is LEVEL_FOREIGN. Only the first change below such a directory is a
 * line. */
void apply_report_foreign(Apply *a, const Change *c);

/** apply_note_attributes - record the mode and attributes of the directory @fd, at a->path, after they were
 * applied. */
void apply_note_attributes(Apply *a, int fd);
