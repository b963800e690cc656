/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record of the host's directories that the changes of a sandbox lie in. It is written at the end of a run,
 * and shows an apply whether the directory at a path is still the one that the sandbox saw, and who changed
 * its mode and attributes.
 */
#pragma once

#include "base/error.h"
#include "base/fields.h"
#include "changes/applied.h"
#include "changes/layer.h"

#include <time.h>

typedef enum HostDirState {
        HOST_DIR_SAME,     /* it did not change before it was recorded */
        HOST_DIR_CHANGED,  /* the user changed it while the sandbox ran: its mode may be the user's */
        HOST_DIR_DOUBTFUL, /* it may have been moved there while the sandbox ran */
} HostDirState;

typedef struct HostDir {
        uint64_t layer; /* hostdirs_layer() */
        uint64_t ino;
        int64_t born; /* nanoseconds since the epoch; 0: unknown, for example in an overlay */
        uint32_t mode;
        uint64_t xattrs; /* hostdir_hash() */
        HostDirState state;
        char *path; /* below the layer's directory, with a leading slash; "/": itself */
} HostDir;

typedef struct HostDirs {
        bool complete; /* a directory without a line did not exist on the host */
        HostDir *items;
        size_t n, room;
        size_t n_sorted; /* those that hostdirs_find() knows */
        size_t size;     /* upper limit of its text, in bytes */
        bool changed;    /* since they were read */
} HostDirs;

/** The storage format. */
extern const FieldTable hostdirs_fields;

void hostdirs_clear(HostDirs *dirs);

/** hostdirs_layer - return the number by which lines name the layer. */
uint64_t hostdirs_layer(const ChangesLayer *layer);

/** hostdirs_parse - parse the text of a record. It is refused as a whole if a line is malformed, or if a
 * directory is listed twice. Returns 0, -EBADMSG, -ENOTSUP or -ENOMEM. */
int hostdirs_parse(const char *text, size_t len, HostDirs *ret);

/** hostdirs_read - read the record in the directory of a sandbox; none is an empty one that is not complete.
 * Returns 0 or -errno with @err. */
int hostdirs_read(int sandbox_fd, HostDirs *ret, Error *err);

/** hostdirs_write - replace the record. Returns 0 or -errno. */
int hostdirs_write(int sandbox_fd, HostDirs *dirs);

/** hostdirs_find - return the line of a directory; NULL: none. Valid until the next hostdirs_add(). */
HostDir *hostdirs_find(const HostDirs *dirs, uint64_t layer, const char *path);

/** hostdirs_add - add a line, with a copy of @path. hostdirs_find() knows it after hostdirs_write(). Returns
 * 0; -E2BIG if the record is full; -ENOMEM. */
int hostdirs_add(HostDirs *dirs, HostDir line, const char *path);

/** hostdir_identify - examine an open directory, which may be O_PATH: all but layer, path and state. Returns
 * 0 or -errno. */
int hostdir_identify(int fd, HostDir *ret);

/** hostdir_is_same - return whether two lines are about the same directory. */
bool hostdir_is_same(const HostDir *a, const HostDir *b);

/** hostdir_hash - hash extended attributes (Change.xattrs), in any order. A collision can only hide a change
 * of the sandbox from an apply. */
uint64_t hostdir_hash(const char *xattrs, size_t len);

/** hostdir_may_be_moved - return whether the open directory @fd with the state @st looks as if it had been
 * moved to its place since @since: a rename changes its change time alone, and both times of its parent. */
bool hostdir_may_be_moved(int fd, const struct stat *st, const struct timespec *since,
                          const Applied *applied);
