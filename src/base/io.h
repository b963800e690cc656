/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes of whole files and removal of trees, relative to a directory descriptor. */
#pragma once

#include "base/util.h"

#include <sys/stat.h>

/**
 * io_read_file_at - read a whole file (also in /proc, where the size is not known in advance).
 *
 * @ret: NUL-terminated, owned by the caller; @ret_len: without the NUL, may be NULL.
 * @max: more bytes than this is -EFBIG.
 *
 * Returns 0 or -errno of open(2), read(2).
 */
int io_read_file_at(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len);

/**
 * io_read_to_end - read from @fd until the end of file, also if it has no size.
 *
 * @timeout_ms: -ETIMEDOUT if the end is not reached by then; negative: no timeout. Otherwise like
 * io_read_file_at().
 */
int io_read_to_end(int fd, size_t max, int timeout_ms, char **ret, size_t *ret_len);

/**
 * io_read_own_at - read a whole file that only this user can have written.
 *
 * @others: mode bits that the file must not have. Otherwise like io_read_file_at().
 *
 * Returns 0; -EPERM if the file belongs to another user, is not a regular file, or has such a bit; -errno.
 */
int io_read_own_at(int dirfd, const char *name, mode_t others, size_t max, char **ret, size_t *ret_len);

/**
 * io_replace_at - replace a file (0600): write NAME.new, then rename(2) it, so that a reader sees the old
 * content or the new. The caller prevents concurrent writers.
 *
 * @sync: the content reaches the disk before the file gets its name.
 *
 * Returns 0 or -errno.
 */
int io_replace_at(int dirfd, const char *name, const char *data, size_t len, bool sync);

/**
 * io_read_at - read @len bytes from @at of a file (pread(2)), continuing after EINTR and short reads.
 *
 * Returns the number of bytes (fewer only at the end of the file), or -errno.
 */
ssize_t io_read_at(int fd, void *data, size_t len, uint64_t at);

/**
 * io_reopen - open an open file again through /proc/self/fd (proc_pid_fd(5)): one of O_PATH for reading or
 * writing, or a terminal, pipe or FIFO so that O_NONBLOCK does not affect the open file description that the
 * caller shares with others.
 *
 * @flags: of open(2); O_CLOEXEC and O_NOCTTY are added. Returns the descriptor or -errno.
 */
int io_reopen(int fd, int flags);

/** io_write_all - write all of @len bytes, continuing after EINTR and short writes. Returns 0 or -errno. */
int io_write_all(int fd, const void *data, size_t len);

/** io_write_file_at - open an existing file write-only and write @data in one write(2), as /proc requires. */
int io_write_file_at(int dirfd, const char *path, const char *data);

/**
 * io_mkdir_p - create a directory and its parents with @mode (below an absolute path, following symlinks:
 * only for the user's own directories, never inside a sandbox root). Returns 0 or -errno.
 */
int io_mkdir_p(const char *path, mode_t mode);

/**
 * io_chmod_dir_at - set the mode of the directory @name; unlike fchmodat(2), never that of the target of a
 * link that replaces it. Returns 0 or -errno (-ENOTDIR: not a directory).
 */
int io_chmod_dir_at(int dirfd, const char *name, mode_t mode);

/**
 * io_write_now - write as much as possible without blocking to an open file description that is blocking and
 * shared with others: with RWF_NOWAIT (pwritev2(2)) if the kernel supports it for that file, otherwise a
 * piece that does not block after poll(2).
 *
 * Returns bytes, or -1 with errno; EAGAIN: nothing now.
 */
ssize_t io_write_now(int fd, const void *data, size_t len);

/** io_write_ready - write to a file description: with write(2) to one of kurung that never waits
 * (O_NONBLOCK), with io_write_now() to one that @waits. Returns bytes, or -1 with errno; EAGAIN: nothing
 * now. */
ssize_t io_write_ready(int fd, bool waits, const void *data, size_t len);

/** io_random_name - write @prefix and twelve random hexadecimal digits to @out of @room bytes. Returns 0 or
 * -errno of getrandom(2). */
int io_random_name(const char *prefix, char *out, size_t room);

/**
 * io_mkdir_locked - create a directory with a random name (io_random_name()) and mode 0700, and lock it
 * (flock(2)), so that the removal of stale directories skips it.
 *
 * @ret_fd: close-on-exec; it holds the lock. Returns 0; -EBUSY if each attempt lost the race for the lock;
 * -errno.
 */
int io_mkdir_locked(int dirfd, const char *prefix, char *out, size_t room, int *ret_fd);

/** Options of io_remove_tree(). */
typedef struct IoRemoval {
        /* Called after each entry with its disk usage in bytes; may be NULL. */
        void (*removed)(void *userdata, uint64_t bytes);
        void *userdata;
        bool until_refused; /* stop at the first entry that cannot be removed (-EACCES, -EPERM) */
} IoRemoval;

/** io_remove_tree - like io_remove_tree_at(), with options. */
int io_remove_tree(int dirfd, const char *name, const IoRemoval *options);

/**
 * io_remove_tree_at - remove a file or a whole tree without following symlinks and without recursion on the
 * stack (depth is bounded only by the file system). Directories without u+rwx get it first.
 *
 * Returns 0, or the first -errno (-EACCES, -EPERM: directories of another user; a caller in the owning user
 * namespace can remove them) after removing everything else. -ENOENT is success.
 */
int io_remove_tree_at(int dirfd, const char *name);
