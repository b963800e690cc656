/* SPDX-License-Identifier: Apache-2.0 */
/* Completes the names of sandboxes. */
#pragma once

#include "base/error.h"

/** The size of a name with its NUL. */
#define NAMES_ROOM 64

enum {
        NAMES_RUNNING = 1 << 0,
        NAMES_KEPT = 1 << 1,
        NAMES_HOMES = 1 << 2,
};

/**
 * names_complete - return the name that the user means by @word: a whole name, or the only one that begins
 * with @word.
 *
 * @kinds: NAMES_*, to search. @ret: @word itself if it is a whole name, or begins none: the caller's own
 * look-up then succeeds or explains; otherwise @room.
 *
 * Returns 0; 1 if the word was completed; -EINVAL if several names begin with @word, with @err, which lists
 * them; -errno with @err.
 */
int names_complete(const char *word, unsigned kinds, char room[NAMES_ROOM], const char **ret, Error *err);

/**
 * names_complete_to_change - the same for commands that change something. A prefix counts only if standard
 * error is a terminal, and a line says what it means: in a script, "build-1" must not come to mean "build-10"
 * once "build-1" is gone. Otherwise returns -EINVAL with @err.
 */
int names_complete_to_change(const char *word, unsigned kinds, char room[NAMES_ROOM], const char **ret,
                             Error *err);
