/* SPDX-License-Identifier: Apache-2.0 */
/* One file or link of the host, made of a change. */
#pragma once

#include "changes/change.h"

/** apply_make_file - make @name in @dirfd, where nothing is: content, mode, times, user.* attributes; the
 * owner is the user. 0 or -errno. */
int apply_make_file(const Change *c, int dirfd, const char *name);

/** apply_stripped - what of a change is not taken, in a few words; NULL: nothing. */
const char *apply_stripped(const Change *c);

/** On a descriptor that may be O_PATH. 0 or -errno. */
int apply_set_mode(int fd, uint32_t mode);
int apply_set_times(int fd, const ChangeFile *f);

/** apply_set_xattrs - the user.* ones of Change.xattrs that are no overlay's. 0 or -errno. */
int apply_set_xattrs(int fd, const char *xattrs, size_t len);

/** apply_replace_xattrs - the same, and no other user.* ones. */
int apply_replace_xattrs(int fd, const char *xattrs, size_t len);
