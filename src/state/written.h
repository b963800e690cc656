/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories that sandboxes were ever given to write in, and what follows for later shares: a symbolic
 * link there may be a sandbox's, so it leads no share out of that directory.
 */
#pragma once

#include "plan/plan.h"

/**
 * written_remember - add to the list, which is in kurung's state, the directories of @plan that the payload's
 * writes reach: shares for writing, and a working directory whose changes can be applied later.
 *
 * Called before any process of the sandbox exists. 0 or -errno with @err.
 */
int written_remember(const Plan *plan, Error *err);

/**
 * written_check - refuse a source, or a hidden path, that leads through a symbolic link in the project, in a
 * share for writing of @spec, or in a directory of the list, wherever the link leads.
 *
 * @host: has looked up all sources of @spec (host_probe_paths()).
 *
 * Returns 0, or -errno with @err: -EPERM for such a link.
 */
int written_check(const Spec *spec, const Host *host, Error *err);

/**
 * written_check_program - refuse a helper program of kurung's that lies in a directory of the list: a sandbox
 * may have put it there, and it would be started outside of one.
 *
 * @path: of the program, absolute. Called after written_remember().
 *
 * Returns 0, or -errno with @err: -EPERM for such a program.
 */
int written_check_program(const char *path, Error *err);
