/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations shared by the files that serve requests. */
#pragma once

#include "view/serve.h"

/* The oldest interface of libfuse that has everything used here. */
#define FUSE_USE_VERSION 34
#include <fuse3/fuse_lowlevel.h>

/* Only this view shows the lower to the payload, so that the kernel may keep what it was told: seconds. */
#define SERVE_TIMEOUT 3600.0
/** The same for a name of the rest. Opening a file elsewhere shows the kernel that the host has replaced it;
 * a file of the rest is not opened, and reading it fails until its name is looked up again. */
#define SERVE_REST_TIMEOUT 60.0

/** serve_view - return the view of a request. */
View *serve_view(fuse_req_t req);

/** serve_node - return the node of a number, of which the kernel has more bits; 0, which no node has, if it
 * is too large. */
NodeId serve_node(fuse_ino_t ino);

/** serve_entry - fill the answer about a node that was looked up. */
void serve_entry(const View *v, NodeId id, const struct stat *st, struct fuse_entry_param *ret);

/** handle_add - add an open file, which owns @fd (FD_NONE: it is empty). Returns the number that the kernel
 * gets; 0: no memory. */
uint64_t handle_add(int fd);

/** handle_get - return in @ret_fd the descriptor of a handle (borrowed), or FD_NONE. Returns 0; -EBADF: there
 * is none. */
int handle_get(uint64_t number, int *ret_fd);

/** handle_drop - close a handle; an unknown one is ignored. */
void handle_drop(uint64_t number);

/** handles_clear - close all handles. */
void handles_clear(void);

/* Requests on directories (serve_directory.c). */
void serve_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void serve_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t at, struct fuse_file_info *fi);
void serve_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t at, struct fuse_file_info *fi);
