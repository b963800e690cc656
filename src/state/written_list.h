/* SPDX-License-Identifier: Apache-2.0 */
/* The list of directories that sandboxes were ever given to write in, in kurung's state directory. */
#pragma once

#include "base/error.h"
#include "base/fields.h"

/** A directory, recognized by its inode where it was moved, and by its path where it was made anew. */
typedef struct WrittenTree {
        uint64_t dev, ino;
        int64_t born; /* nanoseconds of the epoch; 0: the file system does not say */
        char *path;
} WrittenTree;

typedef struct WrittenList {
        WrittenTree *items;
        size_t n;
} WrittenList;

/** How it is stored. */
extern const FieldTable written_list_fields;

void written_list_clear(WrittenList *list);

/** written_identify - what an open directory is, but for its path. 0 or -errno. */
int written_identify(int fd, WrittenTree *ret);
bool written_is_same(const WrittenTree *a, const WrittenTree *b);

/** written_list_has - whether the directory is listed under @path. */
bool written_list_has(const WrittenList *list, const WrittenTree *tree, const char *path);

/** written_list_add - add it, with a copy of @path. 0 or -ENOMEM. */
int written_list_add(WrittenList *list, WrittenTree tree, const char *path);

/** written_list_parse - add what @text has, also as kurung 0.1 stored it. 0, -EBADMSG, -ENOTSUP or -ENOMEM.
 */
int written_list_parse(const char *text, size_t len, WrittenList *list);

/** written_list_read - add what is stored in the directory @state_fd. 0, also when nothing is; -errno with
 * @err. */
int written_list_read(int state_fd, WrittenList *list, Error *err);

/** written_list_write - store it in the place of the older one, bounded: of many those that are gone are
 * dropped, and then the oldest. 0 or -errno with @err. */
int written_list_write(int state_fd, WrittenList *list, Error *err);
