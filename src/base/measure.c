/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the bytes and entries of a tree. */
#include "base/measure.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

/* Maximum number of entries to count. */
#define ENTRIES_MAX 1000000

/* A deeper tree is reported as incomplete. */
#define DEPTH_MAX 64

/* Opens the next directory below @fd; returns FD_NONE after the last. */
static int count_until_directory(DIR *d, TreeSize *size)
{
        struct stat st;
        for (struct dirent *e; (e = readdir(d));) {
                if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
                        continue;
                if (++size->entries > ENTRIES_MAX ||
                    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                        size->complete = false;
                        return FD_NONE;
                }
                size->bytes += (uint64_t)st.st_blocks * 512;
                if (!S_ISDIR(st.st_mode))
                        continue;
                int fd = openat(dirfd(d), e->d_name,
                                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
                if (fd >= 0)
                        return fd;
                size->complete = false; /* of another user, and not accessible */
        }
        return FD_NONE;
}

void measure_tree(int fd, TreeSize *ret)
{
        DIR *stack[DEPTH_MAX];
        size_t depth = 0;
        *ret = (TreeSize){.complete = true};
        while (fd >= 0 || depth > 0) {
                if (fd >= 0 && depth == DEPTH_MAX) {
                        fd = fd_close(fd);
                        ret->complete = false;
                }
                if (fd >= 0 && !(stack[depth++] = fdopendir(fd))) {
                        fd_close(fd);
                        depth--;
                }
                fd = depth > 0 ? count_until_directory(stack[depth - 1], ret) : FD_NONE;
                if (fd < 0 && depth > 0)
                        (void)closedir(stack[--depth]);
        }
}
