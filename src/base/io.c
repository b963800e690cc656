/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes whole files, and removes trees without following a link. */
#include "base/io.h"

#include "base/fds.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

static int64_t now_ms(void)
{
        struct timespec t;
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Like read(2), with a deadline: @end of now_ms(), or none if it is negative. */
static ssize_t read_until(int fd, void *data, size_t len, int64_t end)
{
        for (;;) {
                int64_t left = end < 0 ? -1 : end - now_ms();
                if (end >= 0 && left <= 0)
                        return -ETIMEDOUT;
                struct pollfd p = {.fd = fd, .events = POLLIN};
                if (end >= 0 && poll(&p, 1, (int)left) <= 0)
                        continue;
                ssize_t n = read(fd, data, len);
                if (n >= 0 || errno != EINTR)
                        return n < 0 ? -errno : n;
        }
}

int io_read_to_end(int fd, size_t max, int timeout_ms, char **ret, size_t *ret_len)
{
        int64_t end = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
        size_t room = 4096, len = 0;
        CLEANUP_FREE char *buf = malloc(room);
        if (!buf)
                return -ENOMEM;
        for (;;) {
                ssize_t n = read_until(fd, buf + len, room - len - 1, end);
                if (n < 0)
                        return (int)n;
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

int io_read_file_at(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len)
{
        CLEANUP_FD int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        return fd < 0 ? -errno : io_read_to_end(fd, max, -1, ret, ret_len);
}

int io_read_own_at(int dirfd, const char *name, mode_t others, size_t max, char **ret, size_t *ret_len)
{
        struct stat st;
        CLEANUP_FD int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & others))
                return -EPERM;
        return io_read_to_end(fd, max, -1, ret, ret_len);
}

ssize_t io_read_at(int fd, void *data, size_t len, uint64_t at)
{
        size_t done = 0;
        while (done < len) {
                ssize_t n = pread(fd, (char *)data + done, len - done, (off_t)(at + done));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                done += (size_t)n;
        }
        return (ssize_t)done;
}

int io_reopen(int fd, int flags)
{
        int own = open(fd_path(fd).text, flags | O_NOCTTY | O_CLOEXEC);
        return own >= 0 ? own : -errno;
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

int io_replace_at(int dirfd, const char *name, const char *data, size_t len, bool sync)
{
        char fresh[80];
        if ((size_t)snprintf(fresh, sizeof(fresh), "%s.new", name) >= sizeof(fresh))
                return -ENAMETOOLONG;
        if (unlinkat(dirfd, fresh, 0) < 0 && errno != ENOENT)
                return -errno;
        CLEANUP_FD int fd = openat(dirfd, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        int r = io_write_all(fd, data, len);
        if (r == 0 && ((sync && fdatasync(fd) < 0) || renameat(dirfd, fresh, dirfd, name) < 0))
                r = -errno;
        return r;
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
        /* Usually the directory exists. */
        if (mkdir(path, mode) == 0 || errno == EEXIST)
                return 0;
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

/* dirfd(3), under a name that a parameter called dirfd does not shadow. */
static int dirfd_of(DIR *d)
{
        return dirfd(d);
}

int io_chmod_dir_at(int dirfd, const char *name, mode_t mode)
{
        CLEANUP_FD int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        /* fchmod(2) does not accept O_PATH, and AT_EMPTY_PATH requires fchmodat2(2) of Linux 6.6. */
        return chmod(fd_path(fd).text, mode) < 0 ? -errno : 0;
}

int io_random_name(const char *prefix, char *out, size_t room)
{
        uint64_t id;
        if (getrandom(&id, sizeof(id), 0) != sizeof(id))
                return -errno;
        /* The first one is a letter: a name of digits alone would be an address to gethostbyname(3). */
        (void)snprintf(out, room, "%s%c%011llx", prefix, (char)('a' + (id >> 62)),
                       (unsigned long long)(id & 0xfffffffffffULL));
        return 0;
}

int io_mkdir_locked(int dirfd, const char *prefix, char *out, size_t room, int *ret_fd)
{
        for (int i = 0; i < 100; i++) {
                struct stat st;
                int r = io_random_name(prefix, out, room);
                if (r < 0)
                        return r;
                if (mkdirat(dirfd, out, 0700) < 0) {
                        if (errno == EEXIST)
                                continue;
                        return -errno;
                }
                CLEANUP_FD int fd = openat(dirfd, out, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (fd < 0 && errno != ENOENT)
                        return -errno;
                /* Until the lock is held, another process may consider it stale and remove it: try again. */
                if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 || st.st_nlink == 0)
                        continue;
                *ret_fd = TAKE_FD(fd);
                return 0;
        }
        return -EBUSY;
}

static DIR *open_dir_at(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == EACCES && io_chmod_dir_at(dirfd, name, 0700) == 0)
                fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return NULL;
        DIR *d = fdopendir(fd);
        if (!d)
                fd_close(fd);
        return d;
}

/* Deeper directories are moved up beside the top of the tree, so that neither stack nor descriptors grow with
 * the depth. */
#define REMOVE_DEPTH_MAX 16

typedef struct Removal {
        int top;          /* destination of deep directories */
        unsigned counter; /* for their new names */
        bool again;       /* some were moved: go over the top again */
        int first;        /* -errno */
        bool given_up;
        const IoRemoval *options;
} Removal;

static void removal_failed(Removal *rm, int r)
{
        bool refused = r == -EACCES || r == -EPERM;
        rm->given_up = rm->given_up || (refused && rm->options->until_refused);
        if ((rm->first == 0 || rm->given_up) && r != -ENOENT)
                rm->first = r;
}

/* Like unlinkat(2), and reports the removal. */
static int remove_name(Removal *rm, int fd, const char *name, int flags)
{
        struct stat st = {0};
        if (rm->options->removed)
                (void)fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW);
        if (unlinkat(fd, name, flags) < 0)
                return -errno;
        if (rm->options->removed)
                rm->options->removed(rm->options->userdata, (uint64_t)st.st_blocks * 512);
        return 0;
}

/* Like remove_name(), also in a directory of the user whose mode denies access. */
static int remove_inside(Removal *rm, int fd, const char *name, int flags)
{
        int r = remove_name(rm, fd, name, flags);
        return r == -EACCES && fchmod(fd, 0700) == 0 ? remove_name(rm, fd, name, flags) : r;
}

static void move_up(Removal *rm, int fd, const char *name)
{
        char moved[32];
        (void)snprintf(moved, sizeof(moved), ".rm-%u", rm->counter++);
        /* A move of a directory rewrites its "..", so it must be writable itself. */
        int r = io_chmod_dir_at(fd, name, 0700);
        if (r == 0 && renameat(fd, name, rm->top, moved) < 0)
                r = -errno;
        if (r < 0)
                removal_failed(rm, r);
        else
                rm->again = true;
}

static void remove_entry(Removal *rm, int fd, const char *name, bool directory, unsigned depth);

static void empty_directory(Removal *rm, DIR *d, unsigned depth)
{
        for (struct dirent *e; !rm->given_up && (e = readdir(d));)
                if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
                        remove_entry(rm, dirfd(d), e->d_name, e->d_type == DT_DIR, depth);
}

static void remove_entry(Removal *rm, int fd, const char *name, bool directory, unsigned depth)
{
        int r = directory ? -EISDIR : remove_inside(rm, fd, name, 0);
        if (r == -EISDIR)
                r = remove_inside(rm, fd, name, AT_REMOVEDIR);
        if (r == 0)
                return;
        if (r != -ENOTEMPTY && r != -EEXIST) {
                removal_failed(rm, r);
                return;
        }
        if (depth == REMOVE_DEPTH_MAX) {
                move_up(rm, fd, name);
                return;
        }
        DIR *d = open_dir_at(fd, name);
        if (!d) {
                removal_failed(rm, -errno);
                return;
        }
        empty_directory(rm, d, depth + 1);
        (void)closedir(d);
        r = rm->given_up ? 0 : remove_inside(rm, fd, name, AT_REMOVEDIR);
        if (r < 0)
                removal_failed(rm, r);
}

int io_remove_tree(int dirfd, const char *name, const IoRemoval *options)
{
        Removal rm = {.options = options, .again = true};
        int r = remove_name(&rm, dirfd, name, 0);
        if (r == -EISDIR)
                r = remove_name(&rm, dirfd, name, AT_REMOVEDIR);
        if (r == 0 || r == -ENOENT)
                return 0;
        if (r != -ENOTEMPTY && r != -EEXIST)
                return r;
        DIR *top = open_dir_at(dirfd, name);
        if (!top)
                return -errno;
        rm.top = dirfd_of(top);
        while (rm.again && !rm.given_up) {
                rm.again = false;
                rm.first = 0;
                rewinddir(top);
                empty_directory(&rm, top, 1);
        }
        (void)closedir(top);
        if (rm.given_up)
                return rm.first;
        r = remove_name(&rm, dirfd, name, AT_REMOVEDIR);
        if (r < 0 && r != -ENOENT)
                return rm.first < 0 ? rm.first : r;
        return 0;
}

int io_remove_tree_at(int dirfd, const char *name)
{
        const IoRemoval quietly = {0};
        return io_remove_tree(dirfd, name, &quietly);
}

ssize_t io_write_now(int fd, const void *data, size_t len)
{
        struct iovec piece = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        struct stat st;
        ssize_t n = pwritev2(fd, &piece, 1, -1, RWF_NOWAIT);
        if (n >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS))
                return n;
        if (poll(&p, 1, 0) <= 0) {
                errno = EAGAIN;
                return -1;
        }
        /* A writable pipe accepts at least this much (pipe(7)); a terminal does not report how much it
         * accepts. */
        size_t room = fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) ? 4096 : 64;
        return write(fd, data, len < room ? len : room);
}

ssize_t io_write_ready(int fd, bool waits, const void *data, size_t len)
{
        return waits ? io_write_now(fd, data, len) : write(fd, data, len);
}
