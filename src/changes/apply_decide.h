/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions about the current change, and reports about it. For the files of apply alone. */
#pragma once

#include "changes/apply.h"

#include <sys/stat.h>

/** apply_layer - return the current layer; borrowed. */
const ChangesLayer *apply_layer(const Apply *a);

/** apply_report - report the outcome @what of the change @c at a->path. @why: a short text. */
void apply_report(Apply *a, ApplyReport what, const Change *c, const char *why);

/** apply_is_fatal - return whether @r (-errno) is an error of the whole host, after which no change can be
 * applied. */
bool apply_is_fatal(int r);

/** apply_leave_failed - handle the failure @r of the change @c: a fatal error ends the apply; after any
 * other, the change is skipped and reported. Returns 0; -errno with a->err. */
int apply_leave_failed(Apply *a, const Change *c, int r);

/** apply_ask - ask whether to apply @c; after APPLY_QUIT it asks no more. */
ApplyAnswer apply_ask(Apply *a, const Change *c);

/**
 * apply_check_host - check the file on the host at the place of @c, in the directory on top.
 *
 * @ret, @ret_exists: its state, if it exists. @ret_keep: it is in conflict; with force, keep it beside the
 * new file.
 *
 * Returns 0: the apply may replace it; 1: it may not, which is reported; -errno.
 */
int apply_check_host(Apply *a, const Change *c, struct stat *ret, bool *ret_exists, bool *ret_keep);
