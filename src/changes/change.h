/* SPDX-License-Identifier: Apache-2.0 */
/* A change of a sandbox, and the ordered stream of changes. */
#pragma once

#include "base/util.h"

#include <sys/stat.h>

typedef enum ChangeKind {
        CHANGE_NONE, /* a directory that only contains changes */
        CHANGE_ADDED,
        CHANGE_MODIFIED,
        CHANGE_DELETED,
        CHANGE_REFUSED, /* refused because of why; its entries are not reported */
} ChangeKind;

/** The parts that differ, with CHANGE_MODIFIED. */
enum {
        CHANGE_TYPE = 1 << 0,
        CHANGE_CONTENT = 1 << 1, /* a file's bytes, a link's target */
        CHANGE_MODE = 1 << 2,
        CHANGE_OWNER = 1 << 3,
        CHANGE_XATTRS = 1 << 4,
        CHANGE_LINKS = 1 << 5, /* a file with other names */
};

/** The result of stat(2). Owners are the ids inside the sandbox. */
typedef struct ChangeFile {
        uint64_t dev, ino;
        uint64_t size;
        int64_t mtime_sec;
        uint32_t mtime_nsec;
        uint32_t mode; /* 0: no file */
        uint32_t uid, gid;
        uint32_t nlink;
} ChangeFile;

typedef struct Change {
        ChangeKind kind;
        unsigned what;
        bool selected;      /* at or below a requested path; otherwise it only leads there */
        bool opaque;        /* a directory without entries of the lower */
        ChangeFile now;     /* in the upper; mode 0 with CHANGE_DELETED */
        ChangeFile before;  /* in the lower; mode 0: does not exist */
        const char *name;   /* name in its directory; "" for the top of the layer */
        const char *target; /* of a link; otherwise "" */
        const char *why;    /* CHANGE_REFUSED; "" */
        /* The payload's extended attributes: NAME NUL LENGTH(uint32_t) VALUE, one after the other. */
        const char *xattrs;
        size_t xattrs_len;
        bool capabilities; /* one is security.capability */
        /* The number of trailing components of the path below the innermost directory that git takes for a
         * git directory, lower and upper together; 0: none. */
        uint32_t below_repository;
        int fd; /* content of an added or changed file, on request; owned by the receiver; otherwise FD_NONE
                 */
} Change;

/** In this order: LAYER (ENTER ... LEAVE | ENTRY)*, LAYER ..., END. */
typedef enum ChangeEvent {
        CHANGE_EVENT_TOTAL, /* change.now.ino: entries, now.size: bytes; first, and only on request */
        CHANGE_EVENT_LAYER, /* change.now.ino: number of the layer */
        CHANGE_EVENT_ENTER, /* a directory; its entries follow, sorted by name */
        CHANGE_EVENT_LEAVE,
        CHANGE_EVENT_ENTRY,
        CHANGE_EVENT_END,
} ChangeEvent;

/** A receiver of changes. Returns 0, or -errno to end the stream. */
typedef int (*ChangeSink)(void *userdata, ChangeEvent event, const Change *change);

/** change_next_xattr - get the attribute at *@at and advance. Returns false at the end, or if the bytes are
 * malformed. */
bool change_next_xattr(const Change *c, size_t *at, const char **name, const char **value, size_t *len);

/** change_from_stat - convert @st; owners are not mapped. */
ChangeFile change_from_stat(const struct stat *st);
