/* SPDX-License-Identifier: Apache-2.0 */
/* Finds paths to which only a supplementary group gives the user access. */
#include "base/fds.h"
#include "base/path.h"
#include "plan/host.h"

#include <fcntl.h>
#include <sys/xattr.h>

/* @need: bits of one class: 4 to read, 1 to search. With an access control list, the bits do not tell who
 * may. */
static bool only_by_group(const Host *host, const struct stat *st, const char *path, unsigned need)
{
        unsigned others = st->st_mode & 7, group = (st->st_mode >> 3) & 7;
        return st->st_uid != host->uid && st->st_gid != host->gid && (others & need) != need &&
               (group & need) == need && group_member(st->st_gid) &&
               getxattr(path, "system.posix_acl_access", NULL, 0) <= 0;
}

static int add_by_group(Host *host, const char *path)
{
        return strlist_has(&host->by_group, path) ? 0 : strlist_add(&host->by_group, path);
}

/* Adds the directory closest to "/" on the way to the working directory. */
static int add_way(Host *host)
{
        for (const char *p = host->cwd; (p = strchr(p + 1, '/'));) {
                CLEANUP_FREE char *dir = strndup(host->cwd, (size_t)(p - host->cwd));
                struct stat st;
                if (!dir)
                        return -ENOMEM;
                if (lstat(dir, &st) == 0 && only_by_group(host, &st, dir, 1))
                        return add_by_group(host, dir);
        }
        return 0;
}

int host_probe_groups(Host *host, bool with_cwd)
{
        int r = 0;
        if (host->groups_n == 0 || (host->groups_n == 1 && group_member(host->gid)))
                return 0;
        if (with_cwd && host->cwd)
                r = add_way(host);
        for (size_t i = 0; r == 0 && i < host->n_paths; i++) {
                const HostPath *known = &host->paths[i];
                bool cwd = host->cwd && str_eq(known->found.path, host->cwd);
                if ((cwd && !with_cwd) || known->found.fd < 0)
                        continue;
                if (only_by_group(host, &known->found.st, fd_path(known->found.fd).text,
                                  S_ISDIR(known->found.st.st_mode) ? 5 : 4))
                        r = add_by_group(host, known->found.path);
        }
        return r;
}
