/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided about the change at hand, and reported of it. For the files of apply alone. */
#pragma once

#include "changes/apply.h"

#include <sys/stat.h>

/** apply_layer - the layer at hand; borrowed. */
const ChangesLayer *apply_layer(const Apply *a);

/** apply_report - report what became of the change @c at a->path. @why: a few words. */
void apply_report(Apply *a, ApplyReport what, const Change *c, const char *why);

/** apply_is_fatal - whether @r (-errno) is an error of the host as a whole, after which no change can be
 * taken. */
bool apply_is_fatal(int r);

/** apply_leave_failed - the change @c failed with @r: a fatal error ends the apply, with any other the change
 * is left and reported. 0; -errno with a->err. */
int apply_leave_failed(Apply *a, const Change *c, int r);

/** apply_ask - ask whether to take @c; no more after APPLY_QUIT. */
ApplyAnswer apply_ask(Apply *a, const Change *c);

/**
 * apply_check_host - look at what the host has at the place of @c, in the directory on top.
 *
 * @ret, @ret_exists: its state, if it exists. @ret_keep: it is in conflict, and must be kept beside (force).
 *
 * Returns 0: it may be replaced; 1: it may not, and that is reported; -errno.
 */
int apply_check_host(Apply *a, const Change *c, struct stat *ret, bool *ret_exists, bool *ret_keep);
