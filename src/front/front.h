/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of "run" and "shell" → spec. */
#pragma once

#include "base/log.h"
#include "front/profile.h"

typedef struct FrontContext {
        const char *home; /* NULL: none */
        const char *cwd;  /* NULL: it was deleted */
        const char *(*getenv)(const char *name);
        const char *state; /* as ProfileContext.state */
        /* Fills @spec, fresh from spec_init(), with what the kept sandbox @name was made with. 0 or -errno
         * with
         * @err. */
        int (*restore)(void *userdata, const char *name, Spec *spec, Error *err);
        void *userdata;
} FrontContext;

/** What is no wish about the sandbox. */
typedef struct FrontOptions {
        bool help;
        bool dry_run;
        bool json;
        const char *report;    /* where the report goes, NULL: nowhere; argv's */
        const char *keep_name; /* with Spec.keep; NULL: one is made up */
        const char *in_name;   /* the kept sandbox to go on in, NULL: a new one */
        LogLevel level;
} FrontOptions;

/** An option that is no key. */
typedef struct FrontFlag {
        const char *name;
        char letter;          /* 0: none */
        const char *argument; /* NULL: none; "[NAME]": may be left out, and is given only behind a "=" */
        const char *help;
} FrontFlag;

extern const FrontFlag front_flags[];
extern const size_t front_flags_n;

/**
 * front_make_spec - profiles first, whatever their place (@default_profile when none is named), then the
 * options in their order.
 *
 * @argv: argv[0] is the command's name; options end at "--" or at the first word that is none, which is the
 * payload.
 * @ret_spec: spec_clear() frees it, also after a failure.
 *
 * With --help nothing else is looked at. Returns 0 or -errno with @err.
 */
int front_make_spec(int argc, char **argv, const char *default_profile, const FrontContext *ctx,
                    Spec *ret_spec, FrontOptions *ret, Error *err);
