/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

int io_read_file_at(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len)
{
        CLEANUP_FD int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return -errno;
        size_t room = 4096, len = 0;
        CLEANUP_FREE char *buf = malloc(room);
        if (!buf)
                return -ENOMEM;
        for (;;) {
                ssize_t n = read(fd, buf + len, room - len - 1);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                len += (size_t)n;
                if (len > max)
                        return -EFBIG;
                if (room - len < 2) {
                        char *bigger = realloc(buf, room * 2);
                        if (!bigger)
                                return -ENOMEM;
                        buf = bigger;
                        room *= 2;
                }
        }
        buf[len] = '\0';
        *ret = TAKE_PTR(buf);
        if (ret_len)
                *ret_len = len;
        return 0;
}

int io_write_all(int fd, const void *data, size_t len)
{
        const char *p = data;
        while (len > 0) {
                ssize_t n = write(fd, p, len);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                p += n;
                len -= (size_t)n;
        }
        return 0;
}

int io_write_file_at(int dirfd, const char *path, const char *data)
{
        CLEANUP_FD int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return -errno;
        size_t len = strlen(data);
        ssize_t n = write(fd, data, len);
        if (n < 0)
                return -errno;
        return (size_t)n == len ? 0 : -EIO;
}

int io_mkdir_p(const char *path, mode_t mode)
{
        CLEANUP_FREE char *copy = strdup(path);
        if (!copy)
                return -ENOMEM;
        for (char *p = copy + 1;; p++) {
                if (*p != '/' && *p != '\0')
                        continue;
                char c = *p;
                *p = '\0';
                if (mkdir(copy, mode) < 0 && errno != EEXIST)
                        return -errno;
                *p = c;
                if (c == '\0')
                        return 0;
        }
}

/* dirfd(3) under a name that a parameter called dirfd does not hide. */
static int dirfd_of(DIR *d)
{
        return dirfd(d);
}

static DIR *open_dir_at(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == EACCES && fchmodat(dirfd, name, 0700, 0) == 0)
                fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return NULL;
        DIR *d = fdopendir(fd);
        if (!d)
                fd_close(fd);
        return d;
}

/*
 * Removes the entries of @d. A directory inside that is not empty is moved up beside the tree's top, to be
 * emptied in its turn: so neither the stack nor the number of open descriptors grows with the depth.
 */
static int empty_directory(DIR *d, int topfd, unsigned *counter, bool *ret_moved)
{
        int first = 0, fd = dirfd(d);
        for (struct dirent *e; (e = readdir(d));) {
                if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
                        continue;
                if (unlinkat(fd, e->d_name, 0) == 0)
                        continue;
                int r = -errno;
                if (r == -EACCES && fchmod(fd, 0700) == 0 && unlinkat(fd, e->d_name, 0) == 0)
                        continue;
                if (r == -EACCES)
                        r = -errno;
                if (r == -EISDIR) {
                        if (unlinkat(fd, e->d_name, AT_REMOVEDIR) == 0)
                                continue;
                        r = -errno;
                        if (r == -ENOTEMPTY || r == -EEXIST) {
                                char moved[32];
                                (void)snprintf(moved, sizeof(moved), ".rm-%u", (*counter)++);
                                if (fd == topfd)
                                        continue;
                                /* Moving a directory rewrites its "..": it must be writable itself. */
                                if (fchmodat(fd, e->d_name, 0700, 0) < 0 ||
                                    renameat(fd, e->d_name, topfd, moved) < 0)
                                        r = -errno;
                                else
                                        r = 0;
                                *ret_moved |= r == 0;
                        }
                }
                if (r < 0 && first == 0)
                        first = r;
        }
        return first;
}

/* One pass over the children of the top: each is emptied and removed. */
static int empty_children(DIR *top, unsigned *counter, bool *ret_again)
{
        int first = 0, topfd = dirfd(top);
        rewinddir(top);
        for (struct dirent *e; (e = readdir(top));) {
                if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
                        continue;
                DIR *d = open_dir_at(topfd, e->d_name);
                if (!d) {
                        if (first == 0 && errno != ENOENT)
                                first = -errno;
                        continue;
                }
                int r = empty_directory(d, topfd, counter, ret_again);
                (void)closedir(d);
                if (unlinkat(topfd, e->d_name, AT_REMOVEDIR) < 0 && r == 0 && errno != ENOENT)
                        r = -errno;
                if (r < 0 && first == 0)
                        first = r;
        }
        return first;
}

int io_remove_tree_at(int dirfd, const char *name)
{
        if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR)
                return -errno;
        if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0)
                return 0;
        DIR *top = open_dir_at(dirfd, name);
        if (!top)
                return -errno;
        unsigned counter = 0;
        int first = 0;
        for (bool again = true; again;) {
                again = false;
                rewinddir(top);
                first = empty_directory(top, dirfd_of(top), &counter, &again);
                int r = empty_children(top, &counter, &again);
                if (first == 0)
                        first = r;
        }
        (void)closedir(top);
        if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
                return first < 0 ? first : -errno;
        return 0;
}
