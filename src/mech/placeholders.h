/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user can't read of the host's system can't be copied up either, and a package manager that wants
 * to lock or rewrite it fails. So a directory is kept that stands above the host's as one more lower: each
 * such file is in it, empty, with the same mode; /etc/shadow and /etc/gshadow are made from passwd and group,
 * all accounts locked.
 */
#pragma once

#include "plan/plan.h"

/** What a directory is called while it is made. Who makes it holds its lock (flock(2)): one that nobody holds
 * is what a start that was killed has left. */
#define PLACEHOLDERS_NEW "placeholders-new-"

/**
 * placeholders_prepare - find or make the placeholders for the root @lower ("/") in state_dir. Made
 * anew when the system's packages or accounts have changed.
 *
 * @ret_fd: the directory, close-on-exec. @ret_path: its path, to be freed.
 *
 * Returns 0 or -errno with @err.
 */
int placeholders_prepare(const PlanIdentity *identity, const char *state_dir, const char *lower, int *ret_fd,
                         char **ret_path, Error *err);
