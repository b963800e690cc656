/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's process cannot copy up files of the host's system that the user cannot read, and a package
 * manager that locks or rewrites them would fail. Therefore kurung keeps a directory as one more lower above
 * the host's. It contains each such file, empty, with the same mode; /etc/shadow and /etc/gshadow are made
 * from passwd and group, with all accounts locked.
 */
#pragma once

#include "plan/plan.h"

/** The prefix of a directory's name while it is built. The process that builds it holds its lock (flock(2)):
 * an unlocked one remains from a killed start. */
#define PLACEHOLDERS_NEW "placeholders-new-"

/**
 * placeholders_prepare - find or make the placeholders for the root @lower ("/") in @state_dir. They are
 * rebuilt when the system's packages or accounts have changed.
 *
 * @ret_fd: the directory, close-on-exec. @ret_path: its path, owned by the caller.
 *
 * Returns 0 or -errno with @err.
 */
int placeholders_prepare(const PlanIdentity *identity, const char *state_dir, const char *lower, int *ret_fd,
                         char **ret_path, Error *err);
