/* SPDX-License-Identifier: Apache-2.0 */
/* The review after the run of "kurung try". */
#pragma once

#include "base/error.h"

/**
 * try_review - show the changes of the kept sandbox @name, ask what to do with it, and do so.
 *
 * The sandbox is discarded only if all changes were applied, or on request. If nobody can be
 * asked, at the end of the answers, on a signal and on any failure it is kept, and its name is printed.
 *
 * @may_ask: false: only show and keep it. @ret_exit: set to an exit status if the answer could not be carried
 * out.
 *
 * Unblocks SIGINT, SIGTERM and SIGHUP: see try_block_signals().
 *
 * Returns 0 or -errno with @err.
 */
int try_review(const char *name, bool may_ask, int *ret_exit, Error *err);

/** try_keep - print that the sandbox @name is kept, and the commands to use it. */
void try_keep(const char *name);

/**
 * try_block_signals - block fatal signals between the end of the run and the review, when the name of the
 * kept sandbox would not be printed.
 */
void try_block_signals(bool block);
