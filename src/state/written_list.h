/* SPDX-License-Identifier: Apache-2.0 */
/* The list of directories to which sandboxes could ever write, in kurung's state directory. */
#pragma once

#include "base/error.h"
#include "base/fields.h"

/** A directory, recognised by its inode if it was moved, and by its path if it was created anew. */
typedef struct WrittenTree {
        uint64_t dev, ino;
        int64_t born; /* nanoseconds since the epoch; 0: the file system does not report it */
        char *path;
} WrittenTree;

typedef struct WrittenList {
        WrittenTree *items;
        size_t n;
} WrittenList;

/** The storage format. */
extern const FieldTable written_list_fields;

void written_list_clear(WrittenList *list);

/** written_identify - identify an open directory, without its path. Returns 0 or -errno. */
int written_identify(int fd, WrittenTree *ret);
bool written_is_same(const WrittenTree *a, const WrittenTree *b);

/** written_list_has - return whether the directory is listed under @path. */
bool written_list_has(const WrittenList *list, const WrittenTree *tree, const char *path);

/** written_list_add - add a directory, with a copy of @path. Returns 0 or -ENOMEM. */
int written_list_add(WrittenList *list, WrittenTree tree, const char *path);

/** written_list_parse - add the directories in @text, also in the format of kurung 0.1. Returns 0, -EBADMSG,
 * -ENOTSUP or -ENOMEM. */
int written_list_parse(const char *text, size_t len, WrittenList *list);

/** written_list_read - add the stored directories of @state_fd. Returns 0, also if there are none; -errno
 * with @err. */
int written_list_read(int state_fd, WrittenList *list, Error *err);

/** written_list_write - replace the stored list. It is limited: if it is long, missing directories are
 * dropped, and then the oldest. Returns 0 or -errno with @err. */
int written_list_write(int state_fd, WrittenList *list, Error *err);
