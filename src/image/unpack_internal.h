/* SPDX-License-Identifier: Apache-2.0 */
/* The state of an unpacking, and the part of it that finds directories. */
#pragma once

#include "image/archive.h"
#include "image/unpack.h"

#include <limits.h>
#include <sys/types.h>
#include <time.h>

/** Attributes of a directory that are set at the end, because entries in it change them. */
typedef struct UnpackDir {
        char *path;
        struct timespec mtime;
} UnpackDir;

typedef struct Unpack {
        const UnpackOptions *options;
        const ArchiveFunctions *f;
        struct archive *archive;
        UnpackResult *result;
        UnpackDir *dirs;
        size_t n_dirs, room;
        int dir;                 /* the directory of the last entry; FD_NONE: none */
        char dir_path[PATH_MAX]; /* its path, "" for the root */
        uint64_t unchecked;      /* bytes since the last check of free space */
        Error *err;
} Unpack;

/** A name in an archive. */
typedef struct UnpackName {
        char path[PATH_MAX]; /* normalized, relative to the root; "" is the root itself */
        const char *name;    /* its last component */
        size_t dir_len;      /* the length of the directory's path */
} UnpackName;

/** unpack_name - check and normalize a name in an archive. Returns 0; -EPERM with @err if it leads out of the
 * root. */
int unpack_name(const char *raw, UnpackName *ret, Error *err);

/**
 * unpack_enter - open the directory of @name, and create it if it is missing. No symbolic link is followed.
 *
 * The descriptor is u->dir. Returns 0 or -errno with u->err.
 */
int unpack_enter(Unpack *u, const UnpackName *name);

/** unpack_open - open an existing file below the root, without symbolic links. @flags: of openat2(2). Returns
 * a descriptor or -errno. */
int unpack_open(int root, const char *path, uint64_t flags);

/** unpack_create - create a file in a directory, and open it for writing. Returns a descriptor or -errno:
 * -EEXIST. */
int unpack_create(int dir, const char *name, mode_t mode);

/** unpack_keep_dir - make @fd (owned), the directory at @path, the one of the next entries. */
void unpack_keep_dir(Unpack *u, const char *path, int fd);

/** unpack_refuse - set the error for an entry that is refused. Returns -EPERM. */
int unpack_refuse(const char *name, const char *why, Error *err);

/** Marks of deletions in archives (OCI image specification, "Whiteouts"), and those of overlayfs. */
#define UNPACK_WHITEOUT ".wh."
#define UNPACK_OPAQUE ".wh..wh..opq"
#define UNPACK_OPAQUE_XATTR "user.overlay.opaque"
