/* SPDX-License-Identifier: Apache-2.0 */
/* What a walk knows on its way, and how it looks at the two sides. For the files of walk alone. */
#pragma once

#include "changes/dirstack.h"
#include "changes/marks.h"
#include "changes/pathbuf.h"
#include "changes/walk.h"

#include <limits.h>
#include <sys/stat.h>

/** The id that the kernel shows where none is mapped (kernel.overflowuid). */
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

/** walk_gain - whether what failed with @r (-errno) may be tried once more, with more rights. Those of a walk
 * are got once. */
bool walk_gain(Walk *w, int r);

/** walk_describe - the entry with state @st, its owner as the sandbox sees it. */
ChangeFile walk_describe(const Walk *w, const struct stat *st);

/** walk_stat_lower - the lower's entry @name, mode 0: none. 0 or -errno. */
int walk_stat_lower(Walk *w, const char *name, ChangeFile *ret);

/** walk_stat_upper - the state of the upper's entry @name. 0 or -errno. */
int walk_stat_upper(Walk *w, const char *name, struct stat *ret);

/** walk_open_upper - open the upper's entry @name, which is no link. @ret: the caller's. 0 or -errno. */
int walk_open_upper(Walk *w, const char *name, int flags, int *ret);

/** walk_read_marks - marks_read() into w->xattrs. */
int walk_read_marks(Walk *w, int dirfd, const char *name, Marks *ret, size_t *ret_len);
