/* SPDX-License-Identifier: Apache-2.0 */
/* The paths that a run takes from the host: each is looked up once, and what was found is held. */
#include "plan/host.h"
#include "base/path.h"
#include "plan/host_internal.h"

#include <fcntl.h>

/* A file that others are moving may have another name already when it is asked for it. */
#define ATTEMPTS 8

static int add_path(Host *host, const char *path, Lookup *found)
{
        HostPath *paths = reallocarray(host->paths, host->n_paths + 1, sizeof(*paths));
        if (!paths)
                return -ENOMEM;
        host->paths = paths;
        char *copy = strdup(path);
        if (!copy)
                return -ENOMEM;
        /* Asked for only where links led to it, and there can be many. */
        if (found->n_links == 0)
                found->dir = fd_close(found->dir);
        paths[host->n_paths++] = (HostPath){.path = copy, .found = *found};
        *found = LOOKUP_NONE;
        return 0;
}

int host_probe_cwd(Host *host)
{
        CLEANUP(lookup_clear) Lookup found = LOOKUP_NONE;
        int r = -ESTALE;
        for (unsigned i = 0; r == -ESTALE && i < ATTEMPTS; i++)
                r = lookup_here(&found);
        /* It was removed, or our root does not hold it. */
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        if (!(host->cwd = strdup(found.path)))
                return -ENOMEM;
        return add_path(host, host->cwd, &found);
}

int host_take_cwd(Host *host, const char *path)
{
        CLEANUP(lookup_clear) Lookup found = LOOKUP_NONE;
        if (host->cwd && str_eq(host->cwd, path))
                return 0;
        int r = lookup_path(path, &found);
        if (r == 0 && (found.n_links > 0 || !str_eq(found.path, path)))
                r = -ELOOP;
        if (r == 0 && !S_ISDIR(found.st.st_mode))
                r = -ENOTDIR;
        char *copy = r == 0 ? strdup(path) : NULL;
        if (r < 0 || !copy)
                return r < 0 ? r : -ENOMEM;
        r = add_path(host, path, &found);
        if (r < 0) {
                free(copy);
                return r;
        }
        free(host->cwd);
        host->cwd = copy;
        return 0;
}

const HostPath *host_find_path(const Host *host, const char *path)
{
        for (size_t i = 0; i < host->n_paths; i++)
                if (str_eq(host->paths[i].path, path))
                        return &host->paths[i];
        return NULL;
}

int host_probe_paths(Host *host, const char *const *paths)
{
        for (; *paths; paths++) {
                CLEANUP(lookup_clear) Lookup found = LOOKUP_NONE;
                if (host_find_path(host, *paths))
                        continue;
                int r = -ESTALE;
                for (unsigned i = 0; r == -ESTALE && i < ATTEMPTS; i++)
                        r = lookup_path(*paths, &found);
                if (r == 0)
                        r = add_path(host, *paths, &found);
                if (r == -ENOMEM || r == -EMFILE)
                        return r;
        }
        return 0;
}

/* @path as it is spelled and, where that is another name, without links. */
static int add_both(StrList *list, const char *path)
{
        CLEANUP_FREE char *clean = NULL, *real = NULL;
        if (!path || path[0] != '/')
                return 0;
        int r = path_normalize(path, NULL, &clean);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        if (!strlist_has(list, clean))
                r = strlist_add(list, clean);
        real = realpath(clean, NULL);
        if (r == 0 && real && !strlist_has(list, real))
                r = strlist_add(list, real);
        return r;
}

int host_probe_private(Host *host, const char *passwd_home)
{
        static const char *const variables[] = {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
                                                "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"};
        int r = add_both(&host->homes, host->home);
        if (r == 0)
                r = add_both(&host->homes, passwd_home);
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(variables); i++)
                r = add_both(&host->private_dirs, getenv(variables[i]));
        return r;
}

void host_clear_paths(Host *host)
{
        for (size_t i = 0; i < host->n_paths; i++) {
                free(host->paths[i].path);
                lookup_clear(&host->paths[i].found);
        }
        free(host->paths);
        host->paths = NULL;
        host->n_paths = 0;
}
