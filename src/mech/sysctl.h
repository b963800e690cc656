/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of the calling process's own namespaces, below /proc/sys (proc_sys(5)). */
#pragma once

#include "base/error.h"

/**
 * sysctl_write - write a setting through the current procfs, or through a new one if that is read-only, as in
 * a container.
 *
 * @name: path below /proc/sys, such as "user/max_inotify_watches".
 *
 * Returns 0 or -errno with @err.
 */
int sysctl_write(const char *name, const char *value, Error *err);
