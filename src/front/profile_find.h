/* SPDX-License-Identifier: Apache-2.0 */
/* Finds profiles by name, and their drop-ins, and reads their content. */
#pragma once

#include "base/project.h"
#include "front/profile.h"

/** The directories of profiles in the order of the search, and the project of the caller. */
typedef struct ProfileSearch {
        const ProfileContext *ctx;
        StrList dirs; /* the user's, if known, then the system's; the built-in profiles come after them */
        Project project;
        bool has_dirs, has_project; /* already looked up */
} ProfileSearch;

#define PROFILE_SEARCH(context) ((ProfileSearch){.ctx = (context)})

/** profile_search_project - return the project of ctx->project, determined at the first call. */
const Project *profile_search_project(ProfileSearch *s);

/**
 * profile_find - find a profile, and read it.
 *
 * @name: a name, or a file if it contains a slash.
 * @from: the first place to search: 0, or the place of a profile of this name plus one, to find the next one
 * of the same name.
 * @ret_place: the place where it was found. A file is always at place 0.
 * @ret: profile_text_clear() frees it.
 *
 * Returns 0 or -errno with @err; -ENOENT: there is none, without @err if @from is not 0.
 */
int profile_find(ProfileSearch *s, const char *name, size_t from, size_t *ret_place, ProfileText *ret,
                 Error *err);

/**
 * profile_find_drop_ins - append the files NAME.ini.d/FILE.ini of all directories, sorted by FILE. Of files
 * of the same FILE only the first in the order of the search counts. Returns 0 or -errno with @err.
 */
int profile_find_drop_ins(ProfileSearch *s, const char *name, StrList *ret, Error *err);

/** profile_read_own - read a file that the user or the project controls. Returns 0; -ENOENT without @err;
 * -errno with @err. */
int profile_read_own(ProfileSearch *s, const char *path, ProfileText *ret, Error *err);

void profile_search_clear(ProfileSearch *s);
