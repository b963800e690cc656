/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: INI files that fill a spec (kurung-profile(5)). */
#pragma once

#include "spec/keys.h"

/** Where profiles are looked up and what their values are read against. */
typedef struct ProfileContext {
        const char *home;                        /* NULL: none */
        const char *project;                     /* a profile below it may only narrow; NULL: none is */
        const char *(*getenv)(const char *name); /* for $XDG_* */
} ProfileContext;

enum {
        PROFILE_ONLY_EXTENDS = 1 << 0, /* look for Extends= alone, and read nothing into the spec */
        PROFILE_NARROW = 1 << 1,       /* refuse every key that could give the payload more */
        PROFILE_INSTALLED = 1 << 2,    /* it came with kurung: its limits are defaults */
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
 * $XDG_CONFIG_HOME/kurung/profiles, /etc/kurung/profiles and the installed ones; with a slash it is that
 * file.
 *
 * Returns 0 or -errno with @err.
 */
int profile_load(const char *name, const ProfileContext *ctx, Spec *spec, Error *err);

/**
 * profile_directories - the directories that names are looked up in, first wins. Appended to @ret. 0 or
 * -ENOMEM.
 */
int profile_directories(const ProfileContext *ctx, StrList *ret);

/** profile_name_is_valid - letters, digits, ".", "_" and "-", not first a dot or dash, at most 64 bytes. */
bool profile_name_is_valid(const char *name);
