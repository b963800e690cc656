/* SPDX-License-Identifier: Apache-2.0 */
/* Writes settings of namespaces. */
#include "mech/sysctl.h"

#include "base/io.h"
#include "base/mount.h"

#include <fcntl.h>
#include <stdio.h>

int sysctl_write(const char *name, const char *value, Error *err)
{
        char path[96];
        CLEANUP_FD int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        (void)snprintf(path, sizeof(path), "sys/%s", name);
        int r = io_write_file_at(proc, path, value);
        if (r == -EROFS || r == -EACCES) {
                proc = fd_close(proc);
                r = mount_new("proc", NULL, 0, mount_safe_attrs(false) | MOUNT_ATTR_NOEXEC, &proc, err);
                if (r < 0)
                        return r;
                r = io_write_file_at(proc, path, value);
        }
        return r < 0 ? error_set_errno(err, r, "cannot write /proc/%s in the sandbox", path) : 0;
}
