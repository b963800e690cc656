/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a walk, and its access to both sides. For the files of walk alone. */
#pragma once

#include "changes/dirstack.h"
#include "changes/marks.h"
#include "changes/pathbuf.h"
#include "changes/walk.h"

#include <limits.h>
#include <sys/stat.h>

/** The id that the kernel shows for an unmapped one (kernel.overflowuid). */
#define WALK_OVERFLOW_ID 65534U

typedef struct WalkLevel WalkLevel; /* walk.c */

typedef struct Walk {
        const WalkOptions *options;
        const ChangesLayer *layer;
        ChangeSink sink;
        void *userdata;
        WalkTotal *total; /* count only */
        DirStack upper, lower;
        WalkLevel *levels; /* upper.n of them */
        size_t room;
        PathBuf path;
        size_t names_used;
        bool gained;
        char xattrs[MARKS_XATTRS_MAX], lower_xattrs[MARKS_XATTRS_MAX];
        char target[PATH_MAX + 1];
        char why[160];
} Walk;

/** walk_gain - gain more rights after a failure with @r, if it is -EACCES. Returns whether to retry the
 * operation. A walk gains rights at most once. */
bool walk_gain(Walk *w, int r);

/** walk_describe - convert the state @st of an entry, with its owner as the sandbox sees it. */
ChangeFile walk_describe(const Walk *w, const struct stat *st);

/** walk_stat_lower - get the state of the lower's entry @name, mode 0: none. Returns 0 or -errno. */
int walk_stat_lower(Walk *w, const char *name, ChangeFile *ret);

/** walk_stat_upper - get the state of the upper's entry @name. Returns 0 or -errno. */
int walk_stat_upper(Walk *w, const char *name, struct stat *ret);

/** walk_open_upper - open the upper's entry @name, which must not be a link. @ret: owned by the caller.
 * Returns 0 or -errno. */
int walk_open_upper(Walk *w, const char *name, int flags, int *ret);

/** walk_read_marks - call marks_read() with w->xattrs, and retry it with more rights. Returns like
 * marks_read(). */
int walk_read_marks(Walk *w, int dirfd, const char *name, Marks *ret, size_t *ret_len);
