/* SPDX-License-Identifier: Apache-2.0 */
/* Opens paths below a directory, and nothing outside of it. */
#include "changes/below.h"

#include "base/defence.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

int below_open(int dirfd, const char *name, int flags, int *ret)
{
        struct open_how how = {
                .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
        };
        if (!defence_is_on(DEFENCE_BENEATH)) {
                how.resolve = 0;
                how.flags &= ~(uint64_t)O_NOFOLLOW;
        }
        int fd;
        /* -EAGAIN: a concurrent rename (openat2(2)). */
        do
                fd = (int)syscall(SYS_openat2, dirfd, name[0] ? name : ".", &how, sizeof(how));
        while (fd < 0 && errno == EAGAIN);
        if (fd < 0)
                return -errno;
        *ret = fd;
        return 0;
}

/* Returns the length of the part of @path, up to a slash, that fits one call. */
static size_t piece(const char *path, size_t len)
{
        if (len < PATH_MAX)
                return len;
        size_t n = PATH_MAX - 1;
        while (n > 0 && path[n] != '/')
                n--;
        return n;
}

int below_open_parent(int root, const char *path, int *ret, const char **ret_name)
{
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        size_t len = slash ? (size_t)(slash - path) : 0;
        CLEANUP_FD int fd = FD_NONE;
        if (name[0] == '\0')
                return -EINVAL;
        int r = below_open(root, "", O_PATH | O_DIRECTORY, &fd);
        while (r == 0 && len > 0) {
                char part[PATH_MAX];
                size_t n = piece(path, len);
                if (n == 0 && path[0] != '/')
                        return -ENAMETOOLONG;
                memcpy(part, path, n);
                part[n] = '\0';
                const char *p = part + strspn(part, "/");
                int next = FD_NONE;
                r = below_open(fd, p, O_PATH | O_DIRECTORY | O_NOFOLLOW, &next);
                if (r < 0)
                        return r;
                fd_close(fd);
                fd = next;
                path += n;
                len -= n;
                while (len > 0 && *path == '/') {
                        path++;
                        len--;
                }
        }
        if (r < 0)
                return r;
        *ret = TAKE_FD(fd);
        *ret_name = name;
        return 0;
}
