/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a path once, component by component, and records the links on the way. */
#include "base/lookup.h"

#include "base/fds.h"
#include "base/path.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>

#define LINKS_MAX 40 /* the kernel's limit (path_resolution(7)) */

void lookup_clear(Lookup *found)
{
        for (size_t i = 0; i < found->n_links; i++) {
                fd_close(found->links[i].dir);
                free(found->links[i].name);
        }
        free(found->links);
        free(found->path);
        fd_close(found->fd);
        fd_close(found->dir);
        *found = LOOKUP_NONE;
}

/* The path of the file of a descriptor; owned. */
static int path_of(int fd, const struct stat *st, char **ret)
{
        char path[PATH_MAX];
        struct stat there;
        ssize_t n = readlink(fd_path(fd).text, path, sizeof(path));
        if (n < 0)
                return -errno;
        if (n == sizeof(path))
                return -ENAMETOOLONG;
        path[n] = '\0';
        /* "(unreachable)...": it is outside of the root. */
        if (path[0] != '/')
                return -ENOENT;
        /* "... (deleted)", or another file replaced it. */
        if (lstat(path, &there) < 0 || st->st_dev != there.st_dev || st->st_ino != there.st_ino)
                return -ESTALE;
        *ret = strdup(path);
        return *ret ? 0 : -ENOMEM;
}

/* O_DIRECTORY first: without it the kernel does not trigger an autofs(5) mount. */
static int open_component(int dir, const char *name)
{
        int fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd >= 0 || errno != ENOTDIR ? fd : openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static int remember_link(Lookup *found, int dir, const char *name)
{
        LookupLink *links = reallocarray(found->links, found->n_links + 1, sizeof(*links));
        if (!links)
                return -ENOMEM;
        found->links = links;
        CLEANUP_FREE char *copy = strdup(name);
        CLEANUP_FD int fd = fcntl(dir, F_DUPFD_CLOEXEC, 3);
        if (!copy || fd < 0)
                return copy ? -errno : -ENOMEM;
        links[found->n_links++] = (LookupLink){.dir = TAKE_FD(fd), .name = TAKE_PTR(copy)};
        return 0;
}

/* Continues from the link's target, with the rest of the path appended. */
static int follow(int link, int *dir, const char *rest, char **path)
{
        char target[PATH_MAX];
        char *longer = NULL;
        ssize_t n = readlinkat(link, "", target, sizeof(target));
        if (n < 0)
                return -errno;
        if (n == sizeof(target))
                return -ENAMETOOLONG;
        if (asprintf(&longer, "%.*s%s", (int)n, target, rest) < 0)
                return -ENOMEM;
        free(*path);
        *path = longer;
        if (target[0] != '/')
                return 0;
        int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return -errno;
        (void)fd_close(*dir);
        *dir = root;
        return 0;
}

int lookup_path(const char *path, Lookup *ret)
{
        CLEANUP(lookup_clear) Lookup found = LOOKUP_NONE;
        CLEANUP_FREE char *text = strdup(path);
        CLEANUP_FD int dir = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        const char *at = text;
        if (!text)
                return -ENOMEM;
        if (dir < 0)
                return -errno;
        for (;;) {
                at += strspn(at, "/");
                size_t len = strcspn(at, "/");
                CLEANUP_FREE char *name = strndup(len > 0 ? at : ".", len > 0 ? len : 1);
                CLEANUP_FD int fd = name ? open_component(dir, name) : FD_NONE;
                if (!name)
                        return -ENOMEM;
                if (fd < 0 || fstat(fd, &found.st) < 0)
                        return -errno;
                if (S_ISLNK(found.st.st_mode)) {
                        int r = found.n_links == LINKS_MAX ? -ELOOP : remember_link(&found, dir, name);
                        if (r == 0)
                                r = follow(fd, &dir, at + len, &text);
                        if (r < 0)
                                return r;
                        at = text;
                        continue;
                }
                at += len;
                if (*at == '\0') {
                        found.fd = TAKE_FD(fd);
                        break;
                }
                (void)fd_close(dir);
                dir = TAKE_FD(fd);
        }
        found.dir = S_ISDIR(found.st.st_mode) ? fcntl(found.fd, F_DUPFD_CLOEXEC, 3) : TAKE_FD(dir);
        int r = found.dir < 0 ? -errno : path_of(found.fd, &found.st, &found.path);
        if (r < 0)
                return r;
        *ret = found;
        found = LOOKUP_NONE;
        return 0;
}

int lookup_here(Lookup *ret)
{
        CLEANUP(lookup_clear) Lookup found = LOOKUP_NONE;
        found.fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (found.fd < 0 || fstat(found.fd, &found.st) < 0 ||
            (found.dir = fcntl(found.fd, F_DUPFD_CLOEXEC, 3)) < 0)
                return -errno;
        int r = path_of(found.fd, &found.st, &found.path);
        if (r < 0)
                return r;
        *ret = found;
        found = LOOKUP_NONE;
        return 0;
}

int lookup_link_path(const LookupLink *link, char **ret)
{
        CLEANUP_FREE char *dir = NULL;
        struct stat st;
        int r = fstat(link->dir, &st) < 0 ? -errno : path_of(link->dir, &st, &dir);
        if (r < 0)
                return r;
        char *path = path_join(dir, link->name);
        if (!path)
                return -ENOMEM;
        *ret = path;
        return 0;
}

int lookup_is_below(int dir, dev_t dev, ino_t ino)
{
        struct stat st, above;
        CLEANUP_FD int at = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (at < 0 || fstat(at, &st) < 0)
                return -errno;
        for (;;) {
                if (st.st_dev == dev && st.st_ino == ino)
                        return 1;
                int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (up < 0)
                        return -errno;
                (void)fd_close(at);
                at = up;
                if (fstat(at, &above) < 0)
                        return -errno;
                /* "/" is its own parent. */
                if (above.st_dev == st.st_dev && above.st_ino == st.st_ino)
                        return 0;
                st = above;
        }
}

int lookup_open_plain(const char *path, uint64_t flags, int *ret_fd)
{
        struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
        int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}
