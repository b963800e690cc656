/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of the calling process's own namespaces, below /proc/sys (proc_sys(5)). */
#pragma once

#include "base/error.h"

/**
 * sysctl_write - write a setting, by the procfs in sight, or by a new one where that is read-only, as in a
 * container.
 *
 * @name: its path below /proc/sys, as "user/max_inotify_watches".
 *
 * Returns 0 or -errno with @err.
 */
int sysctl_write(const char *name, const char *value, Error *err);
