/* SPDX-License-Identifier: Apache-2.0 */
/* Functions shared by diff, apply and export. */
#pragma once

#include "changes/flags.h"
#include "changes/pathbuf.h"
#include "run/reader.h"

#include <stdio.h>

/** A directory on the way down to the current entry. */
typedef struct ChangesPlaceDir {
        size_t start; /* the path's length before its name */
        bool added;   /* it, or a directory above it, is new */
} ChangesPlaceDir;

/** The position in a stream of changes. It takes every event before the event is examined. */
typedef struct ChangesCursor {
        const Kept *kept;
        const ChangesLayer *layer;
        PathBuf path;  /* path of the entry inside the sandbox */
        size_t before; /* length of the path without an entry that is not a directory */
        bool entry;    /* the last event was such an entry */
        ChangesPlaceDir *dirs;
        size_t depth, room; /* of dirs */
} ChangesCursor;

/** changes_cursor_take - set @cursor.path to the path of @c; with CHANGE_EVENT_LEAVE to that of the left
 * directory, until the next event. Returns 0 or -errno. */
int changes_cursor_take(ChangesCursor *cursor, ChangeEvent event, const Change *c);

/** changes_cursor_in_added - return whether the entry of the last event is inside a new directory. */
bool changes_cursor_in_added(const ChangesCursor *cursor);

void changes_cursor_clear(ChangesCursor *cursor);

/** changes_open - parse "NAME [PATH...]" and open the kept sandbox; for diff, also one that is running.
 * Returns 0 or -errno with @err. */
int changes_open(const char *command, const StrList *words, Kept *ret, Selection *selection, Error *err);

/**
 * changes_tell_not_found - print a line for each requested path without changes.
 *
 * @unchanged: begins the line for one that exists on the host; otherwise it has a typing error. Returns
 * whether there is one of the latter.
 */
bool changes_tell_not_found(const Selection *selection, const char *unchanged);

/**
 * changes_show_path - format the path @path of @c for display: relative to the working directory if it is
 * below it, control bytes escaped, a slash after a directory. Owned by the caller; NULL: out of memory.
 */
char *changes_show_path(const char *path, const Change *c);

/** changes_relative - return the part of @path below the working directory, otherwise @path; for messages,
 * which are escaped later. */
const char *changes_relative(const char *path);

/** changes_show_size - write "12 bytes" or "3.4 MiB" to @out. Returns @out. */
char *changes_show_size(uint64_t size, char *out, size_t room);

/** changes_letter - return 'A', 'M', 'D', 'T' (type changed) or '!' (refused). */
char changes_letter(const Change *c);

/** changes_type_name - return "file", "directory", "link", "device", "fifo" or "socket". */
const char *changes_type_name(uint32_t mode);
