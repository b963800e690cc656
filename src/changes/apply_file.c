/* SPDX-License-Identifier: Apache-2.0 */
/* Creates one file or link on the host under a temporary name. */
#include "changes/apply_file.h"

#include "base/defence.h"
#include "base/fds.h"
#include "base/io.h"
#include "changes/compare.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

/* Minimum size for an attempt at a reflink (ioctl_ficlone(2)). */
#define CLONE_FROM (256 << 10)
#define SMALL 65536
/* Minimum size for a check of free disk space. */
#define ROOM_FROM (UINT64_C(64) << 20)

int apply_set_mode(int fd, uint32_t mode)
{
        return chmod(fd_path(fd).text, mode) < 0 ? -errno : 0;
}

int apply_set_times(int fd, const ChangeFile *f)
{
        const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                          {.tv_sec = (time_t)f->mtime_sec, .tv_nsec = (long)f->mtime_nsec}};
        return utimensat(AT_FDCWD, fd_path(fd).text, times, 0) < 0 ? -errno : 0;
}

int apply_set_xattrs(int fd, const char *xattrs, size_t xattrs_len)
{
        const Change c = {.xattrs = xattrs, .xattrs_len = xattrs_len};
        const FdPath path = fd_path(fd);
        const char *name, *value;
        size_t len;
        for (size_t at = 0; change_next_xattr(&c, &at, &name, &value, &len);) {
                bool taken = str_starts(name, "user.") ||
                             (!defence_is_on(DEFENCE_STRIP) && str_eq(name, "security.capability"));
                if (taken && setxattr(path.text, name, value, len, 0) < 0 && errno != ENOTSUP)
                        return -errno;
        }
        return 0;
}

static bool has_xattr(const char *xattrs, size_t xattrs_len, const char *wanted)
{
        const Change c = {.xattrs = xattrs, .xattrs_len = xattrs_len};
        const char *name, *value;
        size_t len;
        for (size_t at = 0; change_next_xattr(&c, &at, &name, &value, &len);)
                if (str_eq(name, wanted))
                        return true;
        return false;
}

int apply_replace_xattrs(int fd, const char *xattrs, size_t xattrs_len)
{
        char names[65536];
        const FdPath path = fd_path(fd);
        ssize_t n = listxattr(path.text, names, sizeof(names));
        for (const char *p = names; n > 0 && p < names + n; p += strlen(p) + 1)
                if (str_starts(p, "user.") && !has_xattr(xattrs, xattrs_len, p) &&
                    removexattr(path.text, p) < 0)
                        return -errno;
        return apply_set_xattrs(fd, xattrs, xattrs_len);
}

static int copy_range(int in, int out, uint64_t from, uint64_t to)
{
        while (from < to) {
                off_t in_at = (off_t)from, out_at = (off_t)from;
                ssize_t n = copy_file_range(in, &in_at, out, &out_at, to - from, 0);
                if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)) {
                        char buffer[SMALL];
                        n = pread(in, buffer, to - from < SMALL ? (size_t)(to - from) : SMALL, (off_t)from);
                        if (n > 0)
                                n = pwrite(out, buffer, (size_t)n, (off_t)from);
                }
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return 0; /* shorter than its size: end of file */
                from += (uint64_t)n;
        }
        return 0;
}

static int copy_small(int in, int out, size_t size)
{
        char buffer[SMALL];
        ssize_t n = io_read_at(in, buffer, size, 0);
        return n < 0 ? (int)n : io_write_all(out, buffer, (size_t)n);
}

/* Reports an error before the disk is full: files that share data in the sandbox may be larger than the disk.
 */
static int check_room(int in, int out)
{
        struct stat st;
        struct statfs fs;
        if (fstat(in, &st) < 0 || fstatfs(out, &fs) < 0)
                return -errno;
        return fs.f_blocks > 0 && compare_held(&st) > fs.f_bavail * (uint64_t)fs.f_bsize ? -ENOSPC : 0;
}

/* Copies the content and preserves holes. */
static int copy_content(int in, int out, uint64_t size)
{
        if (size == 0)
                return 0;
        if (size <= SMALL)
                return copy_small(in, out, (size_t)size);
        if (size >= CLONE_FROM && ioctl(out, FICLONE, in) == 0)
                return 0;
        int r = size >= ROOM_FROM ? check_room(in, out) : 0;
        for (uint64_t at = 0; r == 0 && at < size;) {
                uint64_t from, to;
                compare_next_data(in, at, size, &from, &to);
                if (from >= size)
                        break;
                r = copy_range(in, out, from, to);
                at = to;
        }
        return r == 0 && ftruncate(out, (off_t)size) < 0 ? -errno : r;
}

static int make_link(const Change *c, int dirfd, const char *name)
{
        const struct timespec times[2] = {
                {.tv_nsec = UTIME_OMIT},
                {.tv_sec = (time_t)c->now.mtime_sec, .tv_nsec = (long)c->now.mtime_nsec}};
        if (symlinkat(c->target, dirfd, name) < 0)
                return -errno;
        return utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int apply_make_file(const Change *c, int dirfd, const char *name)
{
        const uint32_t kept = defence_is_on(DEFENCE_STRIP) ? 0777 : 07777;
        const struct timespec times[2] = {
                {.tv_nsec = UTIME_OMIT},
                {.tv_sec = (time_t)c->now.mtime_sec, .tv_nsec = (long)c->now.mtime_nsec}};
        if (S_ISLNK(c->now.mode))
                return make_link(c, dirfd, name);
        /* FIFOs and sockets, which are refused earlier. */
        if (!S_ISREG(c->now.mode))
                return mknodat(dirfd, name, c->now.mode & (S_IFMT | 0777), 0) < 0 ? -errno : 0;
        if (c->fd < 0)
                return -EBADMSG;
        CLEANUP_FD int out = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (out < 0)
                return -errno;
        int r = copy_content(c->fd, out, c->now.size);
        if (r == 0 && c->xattrs_len > 0)
                r = apply_set_xattrs(out, c->xattrs, c->xattrs_len);
        if (r == 0 && (c->now.mode & kept) != 0600 && fchmod(out, c->now.mode & kept) < 0)
                r = -errno;
        if (r == 0 && futimens(out, times) < 0)
                r = -errno;
        return r;
}

const char *apply_stripped(const Change *c)
{
        const char *name, *value;
        size_t len;
        if (c->capabilities)
                return "its file capabilities";
        if (S_ISREG(c->now.mode) && (c->now.mode & (S_ISUID | S_ISGID)))
                return "its set-user-ID or set-group-ID bit";
        if (S_ISDIR(c->now.mode) && (c->now.mode & S_ISGID))
                return "its set-group-ID bit";
        for (size_t at = 0; change_next_xattr(c, &at, &name, &value, &len);)
                if (!str_starts(name, "user."))
                        return "its access control list";
        return NULL;
}
