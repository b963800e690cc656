/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: INI files that fill a spec (kurung-profile(5)). */
#pragma once

#include "base/project.h"
#include "spec/keys.h"

/** The context in which profiles are found and their values parsed. */
typedef struct ProfileContext {
        const char *home; /* NULL: none */
        const char
                *project; /* the working directory: profiles in it, or in its repository, may only restrict;
                             "./" in a profile stands for it; NULL: none */
        const Project *found;                    /* that of @project; NULL: not looked up yet */
        const char *(*getenv)(const char *name); /* for $XDG_* */
        const char *state; /* the directory with the list of trusted profiles; NULL: no profile is trusted */
        const char *base;  /* base of a profile of the project if it is the first; NULL: "default" */
        bool unchecked;    /* treat profiles of the project as trusted */
        bool by_default;   /* no profile was named: a directory that is not accessible is not searched */
        StrList *granting; /* gets path and position for each untrusted file outside the project that grants
                              rights; may be NULL */
        StrList *grants;   /* gets "FILE:LINE: KEY=VALUE" for each line of a file that could grant rights,
                              except   for profiles that came with kurung; may be NULL */
        StrList *sources;  /* gets the path of each file that is read, in order; may be NULL */
        StrList *notices;  /* gets a line for a directory that is not searched; may be NULL */
} ProfileContext;

enum {
        PROFILE_ONLY_EXTENDS = 1 << 0, /* parse Extends= only, without filling the spec */
        PROFILE_NARROW = 1 << 1,       /* refuse every key that could grant the payload more */
        PROFILE_INSTALLED = 1 << 2,    /* an installed profile: its limits are defaults */
        PROFILE_CHANGED = 1 << 3,      /* with NARROW: it was trusted with other content */
        PROFILE_HOLDS_HOME = 1 << 4,   /* the project contains the home directory */
        PROFILE_DROP_IN = 1 << 5,      /* a drop-in: Extends= is an error */
};

#define PROFILE_SIZE_MAX (1024 * 1024)
#define PROFILE_DEPTH_MAX 16

/**
 * profile_parse_text - parse the text of one profile into @spec.
 *
 * @name: its name in errors ("FILE" of "FILE:LINE: ...").
 * @extends: the value of its Extends= (owned by the caller), NULL: none. Extends= itself is not followed.
 * @flags: PROFILE_* below.
 *
 * Returns 0 or -errno with @err.
 */
int profile_parse_text(const char *name, const char *text, size_t len, const ProfileContext *ctx,
                       unsigned flags, Spec *spec, char **extends, Error *err);

/**
 * profile_load - read a profile, after those that it extends, into @spec. A name is looked up in
 * $XDG_CONFIG_HOME/kurung/profiles, in /etc/kurung/profiles and among the built-in ones; with a slash it is
 * that file. A profile that extends its own name, directly or not, extends the next one in this order. After
 * a profile that was found by name come its drop-ins, NAME.ini.d/FILE.ini in all these directories, by FILE.
 *
 * A file of the project (base/project.h) whose content is not trusted (front/trust.h) may only restrict the
 * spec so far, or ctx->base if it is the first. Each file is opened once, so that the checked content is the
 * parsed content.
 *
 * Returns 0 or -errno with @err.
 */
int profile_load(const char *name, const ProfileContext *ctx, Spec *spec, Error *err);

/** The content of a profile. */
typedef struct ProfileText {
        char *path;
        char *text;
        size_t len;
        bool in_project;
        bool installed; /* it came with kurung: built in */
} ProfileText;

/**
 * profile_read - find a profile by name or file, and read its content.
 *
 * @ret: profile_text_clear() frees it. @ret->path: without links if the user or a project controls it; for a
 * built-in profile "NAME (built in)".
 *
 * Returns 0 or -errno with @err: the file does not exist, is not a regular file, is larger than
 * PROFILE_SIZE_MAX, or belongs to another user.
 */
int profile_read(const char *name, const ProfileContext *ctx, ProfileText *ret, Error *err);
void profile_text_clear(ProfileText *text);

/**
 * profile_directories - append the directories in which names are looked up before the built-in profiles, the
 * first one first: the user's, if it exists, and /etc/kurung/profiles. Returns 0 or -ENOMEM.
 */
int profile_directories(const ProfileContext *ctx, StrList *ret);

/** profile_name_is_valid - return whether @name has at most 64 letters, digits, ".", "_" and "-", and does
 * not begin with a dot or dash. */
bool profile_name_is_valid(const char *name);
