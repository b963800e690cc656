/* SPDX-License-Identifier: Apache-2.0 */
/* The pager for long output on a terminal. */
#pragma once

/** pager_forbid - make pager_start() do nothing (--no-pager). */
void pager_forbid(void);

/**
 * pager_start - if standard output is a terminal, redirect it to a pager: $KURUNG_PAGER, otherwise $PAGER,
 * otherwise less(1) if it is installed. "cat" and an empty value mean no pager.
 *
 * The pager gets what this process writes, and shows colours: everything from elsewhere must be escaped, as
 * for the terminal. Until pager_end(), SIGINT and SIGQUIT are the pager's, and a pager that has exited is
 * EPIPE.
 */
void pager_start(void);

/** pager_end - flush standard output, wait until the user leaves the pager, and restore standard output. */
void pager_end(void);
