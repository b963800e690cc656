/* SPDX-License-Identifier: Apache-2.0 */
/* A single walk over a path of the host, which records the file and the symbolic links on the way. */
#pragma once

#include "base/util.h"

#include <sys/stat.h>

/** A symbolic link that was followed. */
typedef struct LookupLink {
        int dir;    /* the directory that holds it, O_PATH */
        char *name; /* in that directory */
} LookupLink;

/** The file at the end of a path. While @fd is open, no other file can get its inode number. */
typedef struct Lookup {
        int fd;     /* O_PATH */
        int dir;    /* O_PATH: the directory that holds it, or the file itself if it is a directory; may be
                       closed */
        char *path; /* without symbolic links, absolute */
        struct stat st;
        LookupLink *links; /* in the order of the walk */
        size_t n_links;
} Lookup;

#define LOOKUP_NONE ((Lookup){.fd = FD_NONE, .dir = FD_NONE})

/**
 * lookup_path - walk @path as the kernel does (path_resolution(7)), each component once.
 *
 * @path: absolute, or relative to the working directory of this process.
 * @ret: lookup_clear() frees it; untouched on failure.
 *
 * Returns 0 or -errno: of openat(2); ELOOP after 40 links; ESTALE if the file was moved or removed during the
 * walk.
 */
int lookup_path(const char *path, Lookup *ret);

/**
 * lookup_here - look up the working directory of this process without walking a path.
 *
 * Returns 0 or -errno: ESTALE if it was removed or is being moved, ENOENT if it is outside of the root of
 * this process.
 */
int lookup_here(Lookup *ret);

void lookup_clear(Lookup *found);

/** lookup_link_path - return the absolute path of a link, owned by the caller. Returns 0 or -errno. */
int lookup_link_path(const LookupLink *link, char **ret);

/**
 * lookup_is_below - return whether a directory is, or is below, another one, by identity and not by name.
 *
 * @dir: an open directory (O_PATH suffices). @dev, @ino: the other one.
 *
 * Returns 1 or 0, or -errno if it cannot be determined.
 */
int lookup_is_below(int dir, dev_t dev, ino_t ino);

/**
 * lookup_open_plain - open an absolute path without symbolic links.
 *
 * @flags: of openat2(2); O_CLOEXEC is added.
 *
 * Returns 0 or -errno: -ELOOP if a component is a link.
 */
int lookup_open_plain(const char *path, uint64_t flags, int *ret_fd);
