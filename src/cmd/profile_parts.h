/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of "kurung profile". For its files alone. */
#pragma once

#include "front/profile.h"

#include <limits.h>
#include <stdio.h>

typedef struct ProfileEnv {
        char cwd[PATH_MAX];
        char *home, *state;
        ProfileContext ctx;
} ProfileEnv;

/**
 * profile_describe - print in words what a command could do with a profile in the current directory
 * (plan_print_words()).
 *
 * @name: of the profile, or its file. @ctx: as for profile_load().
 *
 * Returns 0 or -errno with @err; then nothing was printed.
 */
int profile_describe(const char *name, const ProfileContext *ctx, bool colour, FILE *out, Error *err);

/** profile_list - print the available profiles, and the files that each is made of. Returns 0 or -errno with
 * @err. */
int profile_list(const ProfileEnv *env, bool as_json, Error *err);

/**
 * profile_trust - for each of the files @names: print the lines that grant rights, and what a command could
 * do with the profile; ask on a terminal; and trust the content that was printed.
 *
 * @dry_run: only print.
 *
 * Returns 0 or -errno with @err: then none is trusted; -ECANCELED: the user said no.
 */
int profile_trust(int n, char **names, const ProfileEnv *env, bool dry_run, Error *err);

/** profile_untrust - revoke the trust in files, which may no longer exist. Returns 0 or -errno with @err. */
int profile_untrust(int n, char **names, const ProfileEnv *env, Error *err);

/** profile_list_trusted - print the trusted profiles with their state. Returns 0 or -errno with @err. */
int profile_list_trusted(const ProfileEnv *env, bool as_json, Error *err);
