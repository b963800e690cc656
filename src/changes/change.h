/* SPDX-License-Identifier: Apache-2.0 */
/* A change of a sandbox, and the ordered stream in which changes are told. */
#pragma once

#include "base/util.h"

#include <sys/stat.h>

typedef enum ChangeKind {
        CHANGE_NONE, /* a directory that only leads to changes */
        CHANGE_ADDED,
        CHANGE_MODIFIED,
        CHANGE_DELETED,
        CHANGE_REFUSED, /* why says what is wrong with it; what is below it is not told */
} ChangeKind;

/** What of it is not as before, with CHANGE_MODIFIED. */
enum {
        CHANGE_TYPE = 1 << 0,
        CHANGE_CONTENT = 1 << 1, /* a file's bytes, a link's target */
        CHANGE_MODE = 1 << 2,
        CHANGE_OWNER = 1 << 3,
        CHANGE_XATTRS = 1 << 4,
        CHANGE_LINKS = 1 << 5, /* a file that has other names now */
};

/** What stat(2) says. Owners are as the sandbox sees them. */
typedef struct ChangeFile {
        uint64_t dev, ino;
        uint64_t size;
        int64_t mtime_sec;
        uint32_t mtime_nsec;
        uint32_t mode; /* 0: there is none */
        uint32_t uid, gid;
        uint32_t nlink;
} ChangeFile;

typedef struct Change {
        ChangeKind kind;
        unsigned what;
        bool selected;      /* one of the paths asked for, or below one; else it only leads there */
        bool opaque;        /* a directory of which nothing is the lower's any more */
        ChangeFile now;     /* in the upper; mode 0 with CHANGE_DELETED */
        ChangeFile before;  /* in the lower; mode 0 when there is none */
        const char *name;   /* in its directory; "" for the layer's own top */
        const char *target; /* a link's; "" */
        const char *why;    /* CHANGE_REFUSED; "" */
        /* Extended attributes that are the payload's: NAME NUL LENGTH(uint32_t) VALUE, one after the other.
         */
        const char *xattrs;
        size_t xattrs_len;
        bool capabilities; /* one is security.capability */
        /* How many components at the path's end lie below the innermost directory that git takes for a
         * repository's own, in the lower and the upper together; 0: there is none. */
        uint32_t below_repository;
        int fd; /* an added or changed file's content, when asked for; the receiver's; else FD_NONE */
} Change;

/** In this order: LAYER (ENTER ... LEAVE | ENTRY)*, LAYER ..., END. */
typedef enum ChangeEvent {
        CHANGE_EVENT_TOTAL, /* change.now.ino: entries, now.size: bytes; only when asked for, and first */
        CHANGE_EVENT_LAYER, /* change.now.ino: the layer's number */
        CHANGE_EVENT_ENTER, /* a directory; its entries follow, sorted by name */
        CHANGE_EVENT_LEAVE,
        CHANGE_EVENT_ENTRY,
        CHANGE_EVENT_END,
} ChangeEvent;

/** A receiver of changes. Returns 0, or -errno, which ends the stream. */
typedef int (*ChangeSink)(void *userdata, ChangeEvent event, const Change *change);

/** change_next_xattr - the attribute at *@at, which moves on. False at the end, or when the bytes are
 * malformed. */
bool change_next_xattr(const Change *c, size_t *at, const char **name, const char **value, size_t *len);

/** change_from_stat - the fields of @st; owners as they are. */
ChangeFile change_from_stat(const struct stat *st);
