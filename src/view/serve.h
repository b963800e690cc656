/* SPDX-License-Identifier: Apache-2.0 */
/* Serves a view to the kernel: the requests of a read-only file system, and no others (libfuse). */
#pragma once

#include "base/error.h"
#include "view/files.h"

struct fuse_session;

/**
 * serve_open - make a session for requests of the kernel, without reading one.
 *
 * @device: an open fuse device; closed by serve_close(). @v: prepared; borrowed until serve_close().
 *
 * Returns NULL with @err.
 */
struct fuse_session *serve_open(int device, View *v, Error *err);

/** Maximum number of sessions that one process serves. */
#define SERVE_SESSIONS_MAX 2

/** serve_run - serve the requests of @n sessions until all their file systems are unmounted. Returns 0 or
 * -errno. */
int serve_run(struct fuse_session *const sessions[], size_t n);

/** serve_close - free the session and everything that is open in it. */
void serve_close(struct fuse_session *session);
