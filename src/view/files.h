/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a view as the sandbox sees them: their attributes, and the content of those that the user
 * cannot read. */
#pragma once

#include "view/ids.h"
#include "view/owners.h"
#include "view/tree.h"

/** File systems with numbers of their own. The overlay takes the highest three bits (xino, overlayfs.rst). */
#define DEVICES_MAX 32

typedef struct View {
        int lower;        /* O_PATH */
        int placeholders; /* the directory of mech/placeholders.h; FD_NONE: none */
        int owners;       /* channel to the process that knows owners */
        Ids uids, gids;
        Nodes *nodes;
        Tree tree;
        dev_t devices[DEVICES_MAX]; /* seen so far: their inode numbers must differ */
        size_t n_devices;
} View;

/**
 * The names in the root of a view. The first two have the whole lower. The others have two halves of it, for
 * an overlay of two lowers: /opt and the directories of /usr that have programs, and the rest, whose files
 * are small and many. Below VIEW_DIRECT, and in /usr below VIEW_PROGRAMS, regular files refer to the data
 * layer of the overlay (overlayfs.rst, "Data-only lower layers").
 *
 * Files of the rest have no attribute that the overlay could ask for, and are not opened before they are
 * read: the kernel is told so once and for all (ENOSYS), and then asks nothing more about any file of its
 * mount. Therefore the rest is seen through a mount of its own.
 */
#define VIEW_DIRECT "direct"
#define VIEW_THROUGH "through"
#define VIEW_PROGRAMS "programs"
#define VIEW_PROGRAMS_THROUGH "programs-through"
#define VIEW_REST "rest"

/**
 * view_init - prepare a view.
 *
 * @lower, @placeholders, @owners: see View; borrowed. @uid_map, @gid_map: the text of the files of this name.
 *
 * Returns 0 or -errno. view_clear() frees it, also after a failure.
 */
int view_init(View *v, int lower, int placeholders, int owners, const char *uid_map, const char *gid_map);
void view_clear(View *v);

/**
 * view_look_up - find names in a directory.
 *
 * @names, @len, @n: like owners_ask(), without empty names. @ret_ids: for each name its node, whose lookup is
 * counted, or 0. @ret: its attributes, if it has a node. @ret_errors: otherwise why not, as -errno.
 *
 * Returns 0, or -errno for all of them.
 */
int view_look_up(View *v, NodeId parent, const char *names, size_t len, size_t n, NodeId *ret_ids,
                 struct stat *ret, int *ret_errors);

/** view_stat - get the attributes of a node. Returns 0; -ESTALE: its name leads to another file now;
 * -errno. */
int view_stat(View *v, NodeId id, struct stat *ret);

/**
 * view_open - open a regular file for reading; a placeholder in place of one that the user cannot read.
 *
 * @ret_fd: owned by the caller; FD_NONE: the file is empty.
 *
 * Returns 0; -ESTALE, -EISDIR, -ENXIO, -errno.
 */
int view_open(View *v, NodeId id, int *ret_fd);

/**
 * view_read_fd - open a regular file or a directory for reading, or find that it is still open.
 *
 * @ret_fd: of any position, valid until the next call for any node; borrowed. FD_NONE: the file or directory
 * is empty.
 *
 * Returns like view_open(), but -ENOTDIR if @directory is set and it is none; -EACCES for the root.
 */
int view_read_fd(View *v, NodeId id, bool directory, int *ret_fd);

/** view_shows - return whether a directory of the view has a name of the lower's directory. */
bool view_shows(const View *v, NodeId parent, const char *name);

/** view_forget - the kernel forgets @n lookups of a node. */
void view_forget(View *v, uint64_t id, uint64_t n);

/**
 * view_attribute - get an extended attribute of a node, by which the overlay finds the data of a file. Files
 * have no others: whatever the overlay would read in an attribute of its own, no file of the host decides it.
 *
 * @value: room for @size bytes; with @size 0 only the length is returned.
 *
 * Returns its length; -ENOSYS: nothing in the node's mount has any; -ENODATA, -ERANGE, -ESTALE.
 */
ssize_t view_attribute(const View *v, NodeId id, const char *name, char *value, size_t size);
