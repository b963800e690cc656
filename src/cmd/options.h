/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the commands that have no profile: one table each, read here, printed here. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

typedef struct CmdOption {
        const char *name;     /* without dashes */
        char letter;          /* 0: none */
        const char *argument; /* NULL: none */
        const char *help;
        /* Where it goes, one of them: */
        bool *flag;
        const char **value;
        StrList *list; /* may be repeated */
} CmdOption;

typedef struct CmdUsage {
        const char *synopsis; /* "diff [OPTIONS] NAME [PATH...]" */
        const char *about;    /* what it does, lines */
        const char *more;     /* below the options, lines; NULL: nothing */
        const CmdOption *options;
        size_t n;
} CmdUsage;

/**
 * cmd_options_parse - read the options of @argv (argv[0] is the command's name); they may stand anywhere up
 * to "--".
 *
 * @ret_words: what is no option, in its order; points into @argv.
 *
 * --help prints the usage. Returns 0; 1 after --help; -EINVAL with @err.
 */
int cmd_options_parse(const CmdUsage *usage, int argc, char **argv, StrList *ret_words, Error *err);
