/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, whole writes, and removing trees, all relative to a directory descriptor. */
#pragma once

#include "base/util.h"

#include <sys/stat.h>

/**
 * io_read_file_at - read a whole file (also of /proc, whose size is not known before).
 *
 * @ret: NUL-terminated, owned by the caller; @ret_len: without the NUL, may be NULL.
 * @max: more bytes than this is -EFBIG.
 *
 * Returns 0 or -errno of open(2), read(2).
 */
int io_read_file_at(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len);

/**
 * io_read_to_end - read all that comes from @fd, also of what has no size.
 *
 * @timeout_ms: -ETIMEDOUT when the end was not seen after it; below 0: as long as it takes.
 * The rest is as with io_read_file_at().
 */
int io_read_to_end(int fd, size_t max, int timeout_ms, char **ret, size_t *ret_len);

/**
 * io_read_own_at - read a whole file that this user alone can have written.
 *
 * @others: bits of the mode that it must not have.
 * The rest is as with io_read_file_at().
 *
 * Returns 0; -EPERM when it is somebody else's, no regular file, or has such a bit; -errno.
 */
int io_read_own_at(int dirfd, const char *name, mode_t others, size_t max, char **ret, size_t *ret_len);

/**
 * io_replace_at - write a file (0600) whole: as NAME.new, then by rename(2), so that whoever reads it sees
 * the one or the other. Two at once are for the caller to keep apart.
 *
 * @sync: it is on the disk before it has its name.
 *
 * Returns 0 or -errno.
 */
int io_replace_at(int dirfd, const char *name, const char *data, size_t len, bool sync);

/**
 * io_read_at - read @len bytes from @at of a file (pread(2)), going on after EINTR and short reads.
 *
 * Returns how many there were (fewer only at the file's end), or -errno.
 */
ssize_t io_read_at(int fd, void *data, size_t len, uint64_t at);

struct msghdr;

/**
 * io_receive - one message of a local socket (recvmsg(2)), going on after EINTR. When the other end was
 * closed with something of ours unread, the kernel says ECONNRESET once, before what the other had sent: that
 * is passed over, so that nobody's last words are lost.
 *
 * Returns the message's length, 0 at the end, or -errno.
 */
ssize_t io_receive(int fd, struct msghdr *msg, int flags);

/**
 * io_reopen - a description of our own of an open terminal, pipe or FIFO (/proc/self/fd, proc_pid_fd(5)), so
 * that O_NONBLOCK does not change what the caller shares with others.
 *
 * @flags: of open(2); O_CLOEXEC and O_NOCTTY are added. Returns the descriptor or -errno.
 */
int io_reopen(int fd, int flags);

/** io_write_all - write all of @len bytes, going on after EINTR and short writes. 0 or -errno. */
int io_write_all(int fd, const void *data, size_t len);

/** io_write_file_at - open an existing file write-only and write @data in one write(2), as /proc wants it. */
int io_write_file_at(int dirfd, const char *path, const char *data);

/**
 * io_mkdir_p - create a directory and its parents with @mode (below an absolute path, following symlinks:
 * only for the user's own directories, never inside a sandbox root). 0 or -errno.
 */
int io_mkdir_p(const char *path, mode_t mode);

/**
 * io_chmod_dir_at - set the mode of the directory at @name itself: never of what a link leads to that
 * somebody puts there meanwhile, as fchmodat(2) would. 0 or -errno (-ENOTDIR: anything else is there).
 */
int io_chmod_dir_at(int dirfd, const char *name, mode_t mode);

/**
 * io_write_now - write what can be written without waiting, to a description that may wait and is somebody
 * else's: RWF_NOWAIT (pwritev2(2)) where the kernel has it for that file, else a piece that poll(2) promises
 * room for.
 *
 * Returns bytes, or -1 with errno; EAGAIN: nothing now.
 */
ssize_t io_write_now(int fd, const void *data, size_t len);

/** io_write_ready - write(2) to a description of our own that never waits (O_NONBLOCK); io_write_now() to one
 * that @waits. Returns bytes, or -1 with errno; EAGAIN: nothing now. */
ssize_t io_write_ready(int fd, bool waits, const void *data, size_t len);

/** io_random_name - @prefix and twelve random hexadecimal digits, the first a letter, into @out of @room
 * bytes. 0 or -errno of getrandom(2). */
int io_random_name(const char *prefix, char *out, size_t room);

/**
 * io_mkdir_locked - make a directory with a random name (io_random_name()), mode 0700, and lock it
 * (flock(2)): who removes what killed processes left does not take it for stale.
 *
 * @ret_fd: close-on-exec; it holds the lock. Returns 0; -EBUSY when others were quicker each time; -errno.
 */
int io_mkdir_locked(int dirfd, const char *prefix, char *out, size_t room, int *ret_fd);

/** What io_remove_tree() tells, and when it gives up. */
typedef struct IoRemoval {
        /* After each entry, with the bytes of the disk that it took; NULL: nobody wants to know. */
        void (*removed)(void *userdata, uint64_t bytes);
        void *userdata;
        bool until_refused; /* give up at the first entry that may not be removed (-EACCES, -EPERM) */
} IoRemoval;

/** io_remove_tree - io_remove_tree_at() with options. */
int io_remove_tree(int dirfd, const char *name, const IoRemoval *options);

/**
 * io_remove_tree_at - remove a file or a whole tree without following symlinks and without recursion on the
 * stack (depth is bounded only by the file system). Directories that lack u+rwx are given it first.
 *
 * Returns 0, or the first -errno (-EACCES, -EPERM: somebody else's directories; a caller in the owning user
 * namespace can do better) after having removed what could be removed. -ENOENT is success.
 */
int io_remove_tree_at(int dirfd, const char *name);
