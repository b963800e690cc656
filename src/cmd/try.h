/* SPDX-License-Identifier: Apache-2.0 */
/* What follows the run of "kurung try". */
#pragma once

#include "base/error.h"

/**
 * try_review - show what the kept sandbox @name changed, ask what is to become of it, and do that.
 *
 * It is discarded only when nothing is left in it that was not taken or said no to, or when that is the
 * answer. When nobody can be asked, at the end of the answers, at a signal and when anything fails it is
 * kept, and its name is said.
 *
 * @may_ask: else it is only shown and kept. @ret_exit: changed when the answer could not be followed, to what
 * to exit with.
 *
 * Signals that end (SIGINT, SIGTERM, SIGHUP) are let through from now on: try_block_signals().
 *
 * Returns 0 or -errno with @err.
 */
int try_review(const char *name, bool may_ask, int *ret_exit, Error *err);

/** try_keep - say that the sandbox @name is kept, and what can be done with it. */
void try_keep(const char *name);

/**
 * try_block_signals - hold back signals that would end us between the end of the run and the review, where
 * nobody would be told the name of what is kept.
 */
void try_block_signals(bool block);
