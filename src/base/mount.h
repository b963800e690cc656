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
 * mount_new - make a file system and a detached mount of it.
 *
 * @attrs: MOUNT_ATTR_* flags.
 * @ret_fd: the mount, close-on-exec; it is gone with its last descriptor unless attached.
 *
 * Returns 0 or -errno; @err then holds the kernel's own message (fsopen(2), "message retrieval interface").
 */
int mount_new(const char *fstype, const MountOption *options, size_t n, unsigned attrs, int *ret_fd,
              Error *err);

/** mount_clone - a detached copy (a bind) of the mount at @dirfd/@path; an empty @path is @dirfd itself. 0 or
 * -errno. */
int mount_clone(int dirfd, const char *path, bool recursive, int *ret_fd);

/** mount_set - add MOUNT_ATTR_* flags to a mount, and to all below when @recursive; one for the access time
 * takes the place of what it has. 0 or -errno. */
int mount_set(int mount_fd, uint64_t attrs, bool recursive);

/** mount_propagate - set the propagation of a mount, and of all below when @recursive. @type: MS_PRIVATE,
 * MS_SLAVE, MS_SHARED or MS_UNBINDABLE. 0 or -errno. */
int mount_propagate(int mount_fd, unsigned long type, bool recursive);

/** mount_attach - put a detached mount onto the file that @target_fd (O_PATH) is. 0 or -errno. */
int mount_attach(int mount_fd, int target_fd);

/** The flags that every mount has which is made of the host's or the payload's files. */
unsigned mount_safe_attrs(bool read_only);

/**
 * root_open - open @path below @root_fd with O_PATH: it can't leave the root, whatever symlinks are in the
 * way, and never goes through a magic link of procfs.
 *
 * @no_follow: a symlink as the last component is -ELOOP.
 *
 * Returns 0 or -errno of openat2(2).
 */
int root_open(int root_fd, const char *path, bool no_follow, int *ret_fd);

/**
 * root_make - the same, after having made what is missing: directories, and a directory or an empty file at
 * the end.
 */
int root_make(int root_fd, const char *path, bool directory, mode_t mode, bool no_follow, int *ret_fd);

/** root_open_parent - make and open the directory that @path is in; @ret_name points into @path. */
int root_open_parent(int root_fd, const char *path, int *ret_fd, const char **ret_name);
