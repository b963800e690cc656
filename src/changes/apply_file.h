/* SPDX-License-Identifier: Apache-2.0 */
/* Creation of one file or link on the host from a change. */
#pragma once

#include "changes/change.h"

/** apply_make_file - create @name in @dirfd, where nothing exists, with content, mode, times and user.*
 * attributes; the owner is the user. Returns 0 or -errno. */
int apply_make_file(const Change *c, int dirfd, const char *name);

/** apply_stripped - return a short text about the parts of a change that are not applied; NULL: none. */
const char *apply_stripped(const Change *c);

/** apply_set_mode - set the mode of a descriptor, which may be O_PATH. Returns 0 or -errno. */
int apply_set_mode(int fd, uint32_t mode);
int apply_set_times(int fd, const ChangeFile *f);

/** apply_set_xattrs - set the user.* attributes of Change.xattrs, except those of overlays. Returns 0 or
 * -errno. */
int apply_set_xattrs(int fd, const char *xattrs, size_t len);

/** apply_replace_xattrs - like apply_set_xattrs(), and remove all other user.* attributes. */
int apply_replace_xattrs(int fd, const char *xattrs, size_t len);
