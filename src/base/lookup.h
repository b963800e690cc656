/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a path of the host once, and remembering which file it led to and by which symbolic links. */
#pragma once

#include "base/util.h"

#include <sys/stat.h>

/** A symbolic link that was followed. */
typedef struct LookupLink {
        int dir;    /* the directory that holds it, O_PATH */
        char *name; /* in that directory */
} LookupLink;

/** A file that a path led to. While @fd is held no other file can get its inode number. */
typedef struct Lookup {
        int fd;     /* O_PATH */
        int dir;    /* O_PATH: the directory that holds it; the file itself where that is a directory. May be
                       closed */
        char *path; /* without symbolic links, absolute */
        struct stat st;
        LookupLink *links; /* in the order in which they were met */
        size_t n_links;
} Lookup;

#define LOOKUP_NONE ((Lookup){.fd = FD_NONE, .dir = FD_NONE})

/**
 * lookup_path - walk @path as the kernel does (path_resolution(7)), each component once.
 *
 * @path: absolute, or relative to the working directory of this process.
 * @ret: lookup_clear() frees it; untouched on failure.
 *
 * Returns 0 or -errno: of openat(2); ELOOP after 40 links; ESTALE when the file was moved or removed
 * meanwhile.
 */
int lookup_path(const char *path, Lookup *ret);

/**
 * lookup_here - the working directory of this process, without walking any path.
 *
 * Returns 0 or -errno: ESTALE when it was removed or is being moved, ENOENT when it lies outside of this
 * process's root.
 */
int lookup_here(Lookup *ret);

void lookup_clear(Lookup *found);

/** lookup_link_path - where a link is, absolute and owned: 0 or -errno. */
int lookup_link_path(const LookupLink *link, char **ret);

/**
 * lookup_is_below - whether a directory is another one or lies below it, by identity and not by name.
 *
 * @dir: an open directory (O_PATH serves). @dev, @ino: the other one.
 *
 * Returns 1 or 0, or -errno when that can't be found out.
 */
int lookup_is_below(int dir, dev_t dev, ino_t ino);

/**
 * lookup_open_plain - open an absolute path of which no component is a symbolic link.
 *
 * @flags: of openat2(2); O_CLOEXEC is added.
 *
 * Returns 0 or -errno: -ELOOP when there is a link.
 */
int lookup_open_plain(const char *path, uint64_t flags, int *ret_fd);
