/* SPDX-License-Identifier: Apache-2.0 */
/* The marks that the engines write beside the payload's files: whiteouts, opaque directories, attributes. */
#pragma once

#include "changes/change.h"
#include "changes/layer.h"

typedef enum MarkKind {
        MARK_NONE,     /* the payload's */
        MARK_WHITEOUT, /* the lower's entry ret_name is deleted */
        MARK_OPAQUE,   /* its directory is opaque */
        MARK_FORGED,   /* not written by any engine */
} MarkKind;

/**
 * mark_of_name - classify an entry by its name alone.
 *
 * @ret_name: with MARK_WHITEOUT; points into @name.
 */
MarkKind mark_of_name(ChangesEngine engine, const char *name, const char **ret_name);

/**
 * mark_is_written - return whether an entry with the name of a mark was written by fuse-overlayfs: an empty
 * file. Other entries with such a name come from a rename by the payload, and mean nothing.
 */
bool mark_is_written(const struct stat *st);

/** mark_is_name - return whether archives and fuse-overlayfs take a name for a mark (".wh.X"). */
bool mark_is_name(const char *name);

/** mark_is_whiteout - return whether an entry is a whiteout by its type: a character device 0:0. */
bool mark_is_whiteout(ChangesEngine engine, const struct stat *st);

#define MARKS_OPAQUE_FILE ".wh..wh..opq"

typedef struct Marks {
        bool opaque;
        bool forged; /* a redirect, or a file without data: neither engine writes these with userxattr */
} Marks;

/** Maximum size of the attributes of one file, including values (the kernel's limit for the list of names).
 */
#define MARKS_XATTRS_MAX 65536

/**
 * marks_read - read the attributes of the file @name in @dirfd, a directory or a regular file: those of the
 * engine as @ret, those of the payload (user.*, security.capability, system.posix_acl_*) to @out like
 * Change.xattrs.
 *
 * @out: MARKS_XATTRS_MAX bytes. @name: "" for @dirfd itself, which becomes the working directory.
 *
 * Returns 0; -E2BIG if they do not fit; -errno of listxattr(2).
 */
int marks_read(ChangesEngine engine, int dirfd, const char *name, Marks *ret, char *out, size_t *ret_len);

/** marks_read_fd - read the payload's attributes of an open directory, which may be O_PATH, like
 * marks_read(), but leave the working directory alone. */
int marks_read_fd(int fd, char *out, size_t *ret_len);

/** marks_xattrs_equal - return whether two lists of marks_read() are equal, in any order. */
bool marks_xattrs_equal(const char *a, size_t a_len, const char *b, size_t b_len);
