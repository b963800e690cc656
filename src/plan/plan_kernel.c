/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses shares of the kernel's own file systems, of which each sandbox has its own. */
#include "base/path.h"
#include "plan/plan_internal.h"

/* Through the host's procfs, a sandbox would see the host's processes. */
static bool is_procfs(const Host *host, const char *path)
{
        const HostMount *around = NULL;
        for (size_t i = 0; i < host->n_mounts; i++)
                if (path_is_below(path, host->mounts[i].target) &&
                    (!around || strlen(host->mounts[i].target) >= strlen(around->target)))
                        around = &host->mounts[i];
        return path_is_below(path, "/proc") || (around && str_eq(around->fstype, "proc"));
}

static int check_source_of(Plan *plan, const Host *host, const char *path, bool written, const char *origin,
                           Error *err)
{
        const char *real = plan_real_path(host, path);
        const HostPath *known = host_find_path(host, path);
        if (is_procfs(host, real))
                return error_set(
                        err, EINVAL,
                        "%s: '%s' shows the processes of the host; the sandbox has a /proc of its own",
                        origin, path);
        if (str_eq(real, "/sys") || str_eq(real, "/dev"))
                return error_set(err, EINVAL,
                                 "%s: the sandbox has a %s of its own; name a file or directory in it",
                                 origin, real);
        if (written && path_is_below(real, "/sys"))
                return error_set(err, EINVAL,
                                 "%s: '%s' belongs to the kernel, and cannot be shared for writing", origin,
                                 path);
        if (known && (S_ISCHR(known->found.st.st_mode) || S_ISBLK(known->found.st.st_mode)) &&
            plan_notice(plan, "%s: '%s' is a device, which cannot be opened inside", origin, path) < 0)
                return error_no_memory(err);
        return 0;
}

int plan_check_kernel(Plan *plan, const Host *host, const SpecOp *op, Error *err)
{
        int r = 0;
        for (size_t i = 0; r == 0 && fs_op_path(op, i); i++)
                r = check_source_of(plan, host, fs_op_path(op, i), fs_op_writes_host(op), fs_op_origin(op),
                                    err);
        return r;
}
