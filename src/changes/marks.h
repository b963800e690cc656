/* SPDX-License-Identifier: Apache-2.0 */
/* What the engines write beside the payload's own files: whiteouts, opaque directories, attributes of their
 * own. */
#pragma once

#include "changes/change.h"
#include "changes/layer.h"

typedef enum MarkKind {
        MARK_NONE,     /* the payload's */
        MARK_WHITEOUT, /* the lower's entry ret_name is deleted */
        MARK_OPAQUE,   /* the directory that it is in is opaque */
        MARK_FORGED,   /* what no engine writes */
} MarkKind;

/**
 * mark_of_name - what an entry is by its name alone.
 *
 * @ret_name: with MARK_WHITEOUT; points into @name.
 */
MarkKind mark_of_name(ChangesEngine engine, const char *name, const char **ret_name);

/**
 * mark_is_written - whether an entry that is a mark by its name is one that fuse-overlayfs writes: an empty
 * file. What else has such a name came there by a rename of the payload's, and means nothing.
 */
bool mark_is_written(const struct stat *st);

/** mark_is_name - whether a name is one that archives and fuse-overlayfs take for a mark (".wh.X"). */
bool mark_is_name(const char *name);

/** mark_is_whiteout - what an entry is by its type: a character device 0:0. */
bool mark_is_whiteout(ChangesEngine engine, const struct stat *st);

#define MARKS_OPAQUE_FILE ".wh..wh..opq"

typedef struct Marks {
        bool opaque;
        bool forged; /* a redirect, or a file without its data: no engine of ours writes one with userxattr */
} Marks;

/** Room for the attributes of one file (the kernel's limit of the names' list; values count, too). */
#define MARKS_XATTRS_MAX 65536

/**
 * marks_read - the attributes of the file @name in @dirfd, which is a directory or a regular file: the
 * engine's own as
 * @ret, the payload's (user.*, security.capability, system.posix_acl_*) into @out as Change.xattrs.
 *
 * @out: MARKS_XATTRS_MAX bytes. @name: "" for @dirfd itself, which becomes the working directory.
 *
 * Returns 0; -E2BIG when there is no room for them; -errno of listxattr(2).
 */
int marks_read(ChangesEngine engine, int dirfd, const char *name, Marks *ret, char *out, size_t *ret_len);

/** marks_xattrs_equal - whether two lists of marks_read() hold the same, in whatever order. */
bool marks_xattrs_equal(const char *a, size_t a_len, const char *b, size_t b_len);
