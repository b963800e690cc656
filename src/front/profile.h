/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: INI files that fill a spec (kurung-profile(5)). */
#pragma once

#include "spec/keys.h"

/** Where profiles are looked up and what their values are read against. */
typedef struct ProfileContext {
        const char *home;                        /* NULL: none */
        const char *project;                     /* a profile in it may only narrow; NULL: none is */
        const char *(*getenv)(const char *name); /* for $XDG_* */
        const char *state; /* the directory that holds the list of trusted profiles; NULL: none is trusted */
        const char
                *base;  /* what a profile of the project starts from when it is the first; NULL: "default" */
        bool unchecked; /* read profiles of the project as if they were trusted */
        StrList *granting; /* gets of each file elsewhere that gives rights and is not trusted: its path, and
                              where it does; NULL: not wanted */
} ProfileContext;

enum {
        PROFILE_ONLY_EXTENDS = 1 << 0, /* look for Extends= alone, and read nothing into the spec */
        PROFILE_NARROW = 1 << 1,       /* refuse every key that could give the payload more */
        PROFILE_INSTALLED = 1 << 2,    /* it came with kurung: its limits are defaults */
        PROFILE_CHANGED = 1 << 3,      /* with NARROW: it was trusted, with other content */
        PROFILE_HOLDS_HOME = 1 << 4,   /* the project holds the home directory */
};

#define PROFILE_SIZE_MAX (1024 * 1024)
#define PROFILE_DEPTH_MAX 16

/**
 * profile_parse_text - read the text of one profile into @spec.
 *
 * @name: what errors call it ("FILE" of "FILE:LINE: ...").
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
 * that file.
 *
 * A file of the project (front/inside.h) whose content is not trusted (front/trust.h) may only narrow what
 * was read before it, or ctx->base when it is the first. What is looked at is what is read: each file is
 * opened once.
 *
 * Returns 0 or -errno with @err.
 */
int profile_load(const char *name, const ProfileContext *ctx, Spec *spec, Error *err);

/** A profile as it was read. */
typedef struct ProfileText {
        char *path;
        char *text;
        size_t len;
        bool in_project;
        bool installed; /* it came with kurung: built in */
} ProfileText;

/**
 * profile_read - find a profile, by name or file, and read it whole.
 *
 * @ret: profile_text_clear() frees it. @ret->path: without links where the user or a project decides about
 * it; of a built-in one "NAME (built in)".
 *
 * Returns 0 or -errno with @err: there is none, it is no regular file, larger than PROFILE_SIZE_MAX, or
 * somebody else's.
 */
int profile_read(const char *name, const ProfileContext *ctx, ProfileText *ret, Error *err);
void profile_text_clear(ProfileText *text);

/**
 * profile_directories - the directories that names are looked up in before the built-in profiles, first wins:
 * the user's, where there is one, and /etc/kurung/profiles. Appended to @ret. 0 or -ENOMEM.
 */
int profile_directories(const ProfileContext *ctx, StrList *ret);

/** profile_name_is_valid - letters, digits, ".", "_" and "-", not first a dot or dash, at most 64 bytes. */
bool profile_name_is_valid(const char *name);
