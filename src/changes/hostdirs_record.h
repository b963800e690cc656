/* SPDX-License-Identifier: Apache-2.0 */
/* Adds the host's directories to their record at the end of a run. */
#pragma once

#include "changes/hostdirs.h"

/**
 * hostdirs_record - record the directories of the uppers that exist on the host. No process may write to the
 * uppers. A line of an earlier run stays as it is, unless an apply put another directory in its place.
 *
 * @sandbox_fd: the sandbox's directory. @since: the start of the run. Reads no file's content, and follows no
 * link.
 *
 * Returns 0 or -errno with @err.
 */
int hostdirs_record(int sandbox_fd, const ChangesLayer *layers, size_t n, const struct timespec *since,
                    Error *err);
