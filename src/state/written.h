/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories to which sandboxes could ever write, and the consequence for later shares: a sandbox may
 * have created symbolic links there, so that no share follows them.
 */
#pragma once

#include "plan/plan.h"

/**
 * written_remember - add the directories of @plan that receive the payload's writes to the list in kurung's
 * state: writable shares and, if the changes are @kept, the working directory.
 *
 * Called before any process of the sandbox exists, and again before a run that failed is kept. Returns 0 or
 * -errno with @err.
 */
int written_remember(const Plan *plan, bool kept, Error *err);

/**
 * written_check - refuse a source or a hidden path that leads through a symbolic link in the project, in a
 * writable share of @spec, or in a directory of the list, wherever the link leads. Outside of the project, a
 * link of root is followed if the user can write to no directory between the share and the link.
 *
 * @host: has looked up all sources of @spec (host_probe_paths()).
 *
 * Returns 0, or -errno with @err: -EPERM for such a link.
 */
int written_check(const Spec *spec, const Host *host, Error *err);

/**
 * written_check_program - refuse a helper program of kurung in a directory of the list: a sandbox may have
 * put it there, and it would run outside of one. A program of root is accepted if the user can write to no
 * directory between the listed one and the program.
 *
 * @path: of the program, absolute. Called after written_remember().
 *
 * Returns 0, or -errno with @err: -EPERM for such a program.
 */
int written_check_program(const char *path, Error *err);
