/* SPDX-License-Identifier: Apache-2.0 */
/* Converts the command line of "run", "shell" and "try" to a spec. */
#pragma once

#include "base/log.h"
#include "front/profile.h"

typedef struct FrontContext {
        const char *home;       /* NULL: none */
        const char *cwd;        /* NULL: it was deleted */
        const Project *project; /* that of @cwd; NULL: it is looked up when it is needed */
        const char *(*getenv)(const char *name);
        const char *state; /* like ProfileContext.state */
        /* Fills @spec, initialized by spec_init(), with the spec of the kept sandbox @name. Returns 0 or
         * -errno with @err. */
        int (*restore)(void *userdata, const char *name, Spec *spec, Error *err);
        void *userdata;
        StrList *notices; /* like ProfileContext.notices */
} FrontContext;

/** Options that are not part of the spec. */
typedef struct FrontOptions {
        bool help;
        bool dry_run;
        bool json;
        const char *report;    /* file of the report; NULL: none; points into argv */
        const char *keep_name; /* with Spec.keep; NULL: generate a name */
        const char *in_name;   /* the kept sandbox to resume; NULL: a new one */
        LogLevel level;
} FrontOptions;

/** An option that is not a key. */
typedef struct FrontFlag {
        const char *name;
        char letter;          /* 0: none */
        const char *argument; /* NULL: none; "[NAME]": optional, and given only after "=" */
        const char *help;
} FrontFlag;

extern const FrontFlag front_flags[];
extern const size_t front_flags_n;

/**
 * front_make_spec - fill a spec from the profiles, wherever they are on the command line (@default_profile if
 * none is given), then from the options in order.
 *
 * @argv: argv[0] is the command's name; options end at "--" or at the first word that is not an option, which
 * is the payload.
 * @ret_spec: spec_clear() frees it, also after a failure.
 *
 * With --help, everything else is ignored. Returns 0 or -errno with @err.
 */
int front_make_spec(int argc, char **argv, const char *default_profile, const FrontContext *ctx,
                    Spec *ret_spec, FrontOptions *ret, Error *err);
