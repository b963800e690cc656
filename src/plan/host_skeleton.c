/* SPDX-License-Identifier: Apache-2.0 */
/* Lists the directories that installed packages have in directories that are empty inside: a server that runs
 * as a user of its own cannot make /run/postgresql or /var/log/nginx. */
#include "plan/host_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

/* Bounds a directory that somebody filled. */
#define PER_PARENT_MAX 64

/* Owners below are those of packages, and not people (the default of UID_MIN, login.defs(5)). */
#define UID_MIN 1000

/* In /run: of users and of the init system, by whose directories programs find out that it runs
 * (sd_booted(3)). */
static const char *const left_out[] = {"/run/user",        "/run/systemd", "/run/media",   "/run/mount",
                                       "/run/credentials", "/run/kurung",  "/run/secrets", "/run/netns"};

static bool is_plain_name(const char *name)
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
        return name[0] != '.' && name[strspn(name, plain)] == '\0';
}

static int add_package_dir(Host *host, int parent, const char *path, const char *name)
{
        struct stat st;
        if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode) ||
            st.st_uid >= UID_MIN || st.st_gid >= UID_MIN || str_in(path, left_out, ARRAY_LEN(left_out)))
                return 0;
        HostDirectory *items = reallocarray(host->skeleton, host->n_skeleton + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        host->skeleton = items;
        char *copy = strdup(path);
        if (!copy)
                return -ENOMEM;
        items[host->n_skeleton++] =
                (HostDirectory){.path = copy, .mode = st.st_mode & 07777, .uid = st.st_uid, .gid = st.st_gid};
        return 1;
}

static int list(Host *host, const char *parent)
{
        CLEANUP_FD int fd = open(parent, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        unsigned n = 0;
        int r = 0;
        if (!d)
                return 0;
        int at = TAKE_FD(fd);
        for (struct dirent *e; r >= 0 && n < PER_PARENT_MAX && (e = readdir(d));) {
                char path[PATH_MAX];
                if (!is_plain_name(e->d_name))
                        continue;
                (void)snprintf(path, sizeof(path), "%s/%s", parent, e->d_name);
                r = add_package_dir(host, at, path, e->d_name);
                n += r > 0;
        }
        (void)closedir(d);
        return r < 0 ? r : 0;
}

static int order_by_path(const void *a, const void *b)
{
        return strcmp(((const HostDirectory *)a)->path, ((const HostDirectory *)b)->path);
}

int host_probe_skeleton(Host *host)
{
        static const char *const parents[] = {"/run", "/run/lock", "/var/log", "/var/spool"};
        int r = 0;
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(parents); i++)
                r = list(host, parents[i]);
        if (host->n_skeleton > 0)
                qsort(host->skeleton, host->n_skeleton, sizeof(*host->skeleton), order_by_path);
        return r;
}

void host_clear_skeleton(Host *host)
{
        for (size_t i = 0; i < host->n_skeleton; i++)
                free(host->skeleton[i].path);
        free(host->skeleton);
        host->skeleton = NULL;
        host->n_skeleton = 0;
}
