/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptor-based mount interface (fsopen(2), open_tree(2), move_mount(2), mount_setattr(2)) and paths
 * inside a root that may be hostile (openat2(2)). Everything that mounts goes through here.
 */
#pragma once

#include "base/error.h"

#include <linux/mount.h>
#include <sys/types.h>

/** One parameter of a new file system; a NULL value is a flag. */
typedef struct MountOption {
        const char *key;
        const char *value;
} MountOption;

/**
 * mount_new - create a file system and a detached mount of it.
 *
 * @attrs: MOUNT_ATTR_* flags. @ret_fd: the mount, close-on-exec; unless it is attached, it ends with its last
 * descriptor.
 *
 * Returns 0 or -errno; @err then holds the kernel's own message (fsopen(2), "message retrieval interface").
 */
int mount_new(const char *fstype, const MountOption *options, size_t n, unsigned attrs, int *ret_fd,
              Error *err);

/** The longest value of an option of fsconfig(2), with its end. */
#define MOUNT_OPTION_MAX 256

/** mount_join_fds - write "5:6:7", the names of @fds in /proc/self/fd: in that directory, lowerdir= takes
 * them before Linux 6.5, too. Returns false if an option cannot hold them. */
bool mount_join_fds(const int *fds, size_t n, char out[MOUNT_OPTION_MAX]);

/** mount_clone - create a detached copy (a bind) of the mount at @dirfd/@path; an empty @path is @dirfd
 * itself. Returns 0 or -errno. */
int mount_clone(int dirfd, const char *path, bool recursive, int *ret_fd);

/** mount_set - add MOUNT_ATTR_* flags to a mount, with @recursive also to all below it; a flag for the access
 * time replaces the earlier one. Returns 0 or -errno. */
int mount_set(int mount_fd, uint64_t attrs, bool recursive);

/** mount_propagate - set the propagation of a mount, with @recursive also of all below it. @type: MS_PRIVATE,
 * MS_SLAVE, MS_SHARED or MS_UNBINDABLE. Returns 0 or -errno. */
int mount_propagate(int mount_fd, unsigned long type, bool recursive);

/** mount_attach - attach a detached mount to the file @target_fd (O_PATH). Returns 0 or -errno. */
int mount_attach(int mount_fd, int target_fd);

/** mount_safe_attrs - return the flags of every mount of files of the host or the payload. */
unsigned mount_safe_attrs(bool read_only);

/**
 * root_open - open @path below @root_fd with O_PATH. Symlinks cannot lead out of the root, and magic links of
 * procfs are refused.
 *
 * @no_follow: a symlink as the last component is -ELOOP.
 *
 * Returns 0 or -errno of openat2(2).
 */
int root_open(int root_fd, const char *path, bool no_follow, int *ret_fd);

/**
 * root_make - like root_open(), but create missing parts: directories, and a directory or an empty file at
 * the end; a file also where a link without a target leads, unless @no_follow.
 */
int root_make(int root_fd, const char *path, bool directory, mode_t mode, bool no_follow, int *ret_fd);

/**
 * root_make_new - create a directory or an empty file of one component, which must be new: so no link can be
 * on the way, and two system calls suffice.
 *
 * @ret_fd: a mount can be attached to it; a directory's has O_PATH.
 *
 * Returns 0; -EINVAL: the path has several components, or names no entry of the root; -EEXIST; -errno.
 */
int root_make_new(int root_fd, const char *path, bool directory, mode_t mode, int *ret_fd);

/** root_open_parent - open the parent directory of @path, creating missing directories; @ret_name points into
 * @path. Returns 0; -EINVAL if there is no last component; -errno. */
int root_open_parent(int root_fd, const char *path, int *ret_fd, const char **ret_name);
