/* SPDX-License-Identifier: Apache-2.0 */
/* Functions shared by the parts of the probe. */
#pragma once

#include "plan/host.h"

/** host_below_root - turn an absolute path into one relative to a directory that stands for "/". */
const char *host_below_root(const char *path);

/** host_read_below - read a whole file of at most @max bytes below @root. @ret: owned, NUL-terminated.
 * Returns 0 or -errno. */
int host_read_below(int root, const char *path, size_t max, char **ret);

/** host_probe_kernel - find the version and the features of the kernel. */
void host_probe_kernel(int root, Host *host);

/** host_probe_cwd - fill host->cwd, and hold that directory as the first of host->paths. Returns 0 or
 * -ENOMEM. */
int host_probe_cwd(Host *host);

/** host_probe_private - fill host->homes and host->private_dirs, after the rest of the environment.
 * @passwd_home: NULL: none. Returns 0 or -ENOMEM. */
int host_probe_private(Host *host, const char *passwd_home);

void host_clear_paths(Host *host);
void host_limits_clear(HostLimits *limits);

/** host_clear_skeleton - free the result of host_probe_skeleton(). */
void host_clear_skeleton(Host *host);

/** host_helpers_dir - return the directory of kurung's own helper programs, absolute and owned: the one that
 * a build installs to (host_helpers.c), or the program's own (host_helpers_built.c). NULL: no memory, or
 * unknown. */
char *host_helpers_dir(void);

/** host_probe_shared - find the size of resources that all users, or all processes of a user, share. */
void host_probe_shared(int root, Host *host);
