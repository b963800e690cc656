/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the probe share. */
#pragma once

#include "plan/host.h"

/** host_below_root - an absolute path as one relative to a directory that stands for "/". */
const char *host_below_root(const char *path);

/** host_read_below - a whole file of at most @max bytes below @root, owned, NUL-terminated. 0 or -errno. */
int host_read_below(int root, const char *path, size_t max, char **ret);

/** host_probe_kernel - what the kernel can do, and which it is. */
void host_probe_kernel(int root, Host *host);

/** host_probe_cwd - fill host->cwd, and hold that directory as the first of host->paths. 0 or -ENOMEM. */
int host_probe_cwd(Host *host);

/** host_probe_private - fill host->homes and host->private_dirs, when all else of the environment is probed.
 * @passwd_home: NULL: none. 0 or -ENOMEM. */
int host_probe_private(Host *host, const char *passwd_home);

void host_clear_paths(Host *host);
void host_limits_clear(HostLimits *limits);

/** host_helpers_dir - the directory of kurung's own helper programs, absolute and owned: the one that a build
 * installs to (host_helpers.c), or the program's own (host_helpers_built.c). NULL: no memory, or it is not
 * known. */
char *host_helpers_dir(void);

/** host_probe_shared - what the machine has of what all users, and all that a user runs, share. */
void host_probe_shared(int root, Host *host);
