/* SPDX-License-Identifier: Apache-2.0 */
/* Looks up the paths of the host that a run uses: each path once, and keeps its file open. */
#include "plan/host.h"

#include "base/fds.h"
#include "base/path.h"
#include "plan/host_internal.h"
#include "spec/spec.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

/* Maximum number of lookups of a file, because other processes may rename it during a lookup. */
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
        /* The directory is needed only if links led to the path, and there can be many paths. */
        if (found->n_links == 0)
                found->dir = fd_close(found->dir);
        const HostPath *added = &paths[host->n_paths];
        size_t any;
        paths[host->n_paths] = (HostPath){.path = copy, .found = *found};
        *found = LOOKUP_NONE;
        /* Of several lookups of a file the first counts: the working directory was not looked up by a path.
         */
        int r = path_map_get(&host->by_real, added->found.path, &any)
                        ? 0
                        : path_map_set(&host->by_real, added->found.path, host->n_paths);
        if (r == 0)
                r = path_map_set(&host->by_path, added->path, host->n_paths);
        host->n_paths++;
        return r;
}

/* A shell's $PWD has the links by which the user went to the working directory. Another program may have set
 * another path. */
static int take_name_of_cwd(Host *host, const struct stat *here)
{
        CLEANUP_FREE char *named = NULL;
        const char *given = getenv("PWD");
        struct stat st;
        int r = given ? path_normalize(given, NULL, &named) : -EINVAL;
        if (r == 0 && stat(named, &st) == 0 && st.st_dev == here->st_dev && st.st_ino == here->st_ino)
                host->cwd_named = TAKE_PTR(named);
        return r == -ENOMEM ? r : 0;
}

int host_probe_cwd(Host *host)
{
        CLEANUP(lookup_clear) Lookup found = LOOKUP_NONE;
        int r = -ESTALE;
        for (unsigned i = 0; r == -ESTALE && i < ATTEMPTS; i++)
                r = lookup_here(&found);
        /* The directory was removed, or is outside of the root. */
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        if (!(host->cwd = strdup(found.path)))
                return -ENOMEM;
        r = take_name_of_cwd(host, &found.st);
        return r < 0 ? r : add_path(host, host->cwd, &found);
}

int host_take_cwd(Host *host, const char *path)
{
        CLEANUP(lookup_clear) Lookup found = LOOKUP_NONE;
        free(host->cwd_named);
        host->cwd_named = NULL;
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
        host->has_around = false;
        return 0;
}

const HostPath *host_find_path(const Host *host, const char *path)
{
        size_t at;
        if (host->by_path.n > 0)
                return path_map_get(&host->by_path, path, &at) ? &host->paths[at] : NULL;
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

/* The key of a descriptor in the table; no path begins like this. */
typedef char DescriptorName[24];

static const char *descriptor_name(int fd, DescriptorName out)
{
        (void)snprintf(out, sizeof(DescriptorName), "descriptor %d", fd);
        return out;
}

/* The name in /proc may meanwhile belong to another file, or to another mount namespace. */
static int find_name(int fd, Lookup *ret)
{
        char path[PATH_MAX];
        struct stat st, named;
        ssize_t n = readlink(fd_path(fd).text, path, sizeof(path) - 1);
        if (n <= 0 || path[0] != '/' || fstat(fd, &st) < 0)
                return -ENOENT;
        path[n] = '\0';
        CLEANUP_FD int found = FD_NONE;
        int r = lookup_open_plain(path, O_PATH, &found);
        if (r < 0 || fstat(found, &named) < 0 || named.st_dev != st.st_dev || named.st_ino != st.st_ino)
                return r == -ENOMEM || r == -EMFILE ? r : -ENOENT;
        char *copy = strdup(path);
        if (!copy)
                return -ENOMEM;
        *ret = (Lookup){.fd = TAKE_FD(found), .dir = FD_NONE, .path = copy, .st = st};
        return 0;
}

int host_probe_descriptor(Host *host, int fd)
{
        CLEANUP(lookup_clear) Lookup found = LOOKUP_NONE;
        DescriptorName name;
        if (host_find_descriptor(host, fd))
                return 0;
        int r = find_name(fd, &found);
        return r < 0 ? r : add_path(host, descriptor_name(fd, name), &found);
}

const HostPath *host_find_descriptor(const Host *host, int fd)
{
        DescriptorName name;
        return host_find_path(host, descriptor_name(fd, name));
}

/* Looks up the directories above an optional source that is missing: plan_make() must know whether one of
 * them is a file. */
static int probe_above(Host *host, const SpecOp *op)
{
        CLEANUP_FREE char *path = strdup(op->source);
        while (path && !str_eq(path, "/") && !host_find_path(host, path)) {
                char *parent = path_parent(path);
                free(path);
                path = parent;
                const char *const paths[] = {path, NULL};
                int r = path ? host_probe_paths(host, paths) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        return path ? 0 : -ENOMEM;
}

int host_probe_ops(Host *host, const Spec *spec)
{
        CLEANUP_STRLIST StrList paths = {0};
        int r = 0;
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++) {
                const SpecOp *op = &spec->ops[i];
                for (size_t k = 0; r == 0 && fs_op_path(op, k); k++)
                        r = strlist_add(&paths, fs_op_path(op, k));
                /* A hidden path may be a link: its target is hidden, too. */
                if (r == 0 && op->kind == OP_MASK)
                        r = strlist_add(&paths, op->dest);
                if (r == 0 && op->source_kind == FS_SOURCE_DESCRIPTOR && fs_op_is(op, OP_SHOWS_HOST)) {
                        r = host_probe_descriptor(host, op->source_fd);
                        r = r == -ENOENT ? 0 : r;
                }
        }
        if (r == 0 && paths.n > 0)
                r = host_probe_paths(host, (const char *const *)paths.items);
        for (size_t i = 0; r == 0 && i < spec->n_ops; i++)
                if (spec->ops[i].kind == OP_BIND && (spec->ops[i].flags & OP_OPTIONAL) &&
                    spec->ops[i].source_kind == FS_SOURCE_PATH)
                        r = probe_above(host, &spec->ops[i]);
        return r;
}

/* Adds @path as it is spelled and, if that is another path, without links. */
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

const HostPath *host_find_real(const Host *host, const char *path)
{
        size_t at;
        if (host->by_real.n > 0)
                return path_map_get(&host->by_real, path, &at) ? &host->paths[at] : NULL;
        for (size_t i = 0; i < host->n_paths; i++)
                if (str_eq(host->paths[i].found.path, path))
                        return &host->paths[i];
        return NULL;
}

void host_clear_paths(Host *host)
{
        path_map_clear(&host->by_path);
        path_map_clear(&host->by_real);
        for (size_t i = 0; i < host->n_paths; i++) {
                free(host->paths[i].path);
                lookup_clear(&host->paths[i].found);
        }
        free(host->paths);
        host->paths = NULL;
        host->n_paths = 0;
}
