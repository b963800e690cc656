/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the files of the lower by their nodes, one name after the other, from a small cache of directories.
 */
#pragma once

#include "view/nodes.h"

#define TREE_DIRS 64
/** Files and directories that stay open for reading. */
#define TREE_FILES 128
/** Names below each other: a deeper tree is refused, because every walk through it takes as long. */
#define TREE_DEPTH_MAX 2048

/** A file that stays open until others have taken its place. */
typedef struct TreeOpen {
        NodeId id; /* 0: unused */
        int fd;
        uint64_t used;
} TreeOpen;

typedef struct Tree {
        int lower; /* its root, borrowed */
        Nodes *nodes;
        TreeOpen dirs[TREE_DIRS]; /* O_PATH */
        TreeOpen files[TREE_FILES];
        uint64_t clock;
} Tree;

void tree_init(Tree *t, int lower, Nodes *nodes);
void tree_clear(Tree *t);

/**
 * tree_dir - open the directory of a node (O_PATH).
 *
 * @ret_fd: valid until the next call of a function of the tree; borrowed.
 *
 * Returns 0; -ESTALE: its name leads to another file than when it was looked up; -ENAMETOOLONG: it is too
 * deep; -errno of openat(2).
 */
int tree_dir(Tree *t, NodeId id, int *ret_fd);

/** tree_parent - the same for the directory that has the node. @ret_name: the node's name, terminated. */
int tree_parent(Tree *t, NodeId id, int *ret_fd, char ret_name[256]);

/**
 * tree_open - open the file of a node, of any type, for reading.
 *
 * @flags: of openat(2), in addition to O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK. @ret_fd: owned by the caller.
 *
 * Returns like tree_dir().
 */
int tree_open(Tree *t, NodeId id, int flags, int *ret_fd);

/** tree_keep - keep a node's file open for reading. @fd: owned by the tree. */
void tree_keep(Tree *t, NodeId id, int fd);

/** tree_kept - return the descriptor of a file that is kept open, of any position; borrowed, valid until the
 * next tree_keep(); FD_NONE: it is not open. */
int tree_kept(Tree *t, NodeId id);

/** tree_forget - close the files of a node that no longer exists, or whose name leads to another. */
void tree_forget(Tree *t, NodeId id);
