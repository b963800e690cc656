/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the commands without profiles, parsed and printed from one table per command. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

typedef struct CmdOption {
        const char *name;     /* without dashes */
        char letter;          /* 0: none */
        const char *argument; /* NULL: none */
        const char *help;
        /* The destination, one of: */
        bool *flag;
        const char **value;
        StrList *list; /* may be repeated */
} CmdOption;

typedef struct CmdUsage {
        const char *synopsis; /* "diff [OPTIONS] NAME [PATH...]" */
        const char *about;    /* description, lines */
        const char *more;     /* text below the options, lines; NULL: none */
        const CmdOption *options;
        size_t n;
} CmdUsage;

/**
 * cmd_options_parse - parse the options in @argv (argv[0] is the command's name), anywhere before "--".
 *
 * @ret_words: the other words, in order; they point into @argv.
 *
 * --help prints the usage. Returns 0; 1 after --help; -EINVAL with @err.
 */
int cmd_options_parse(const CmdUsage *usage, int argc, char **argv, StrList *ret_words, Error *err);

/** cmd_usage_print - print the usage of a command to standard output. */
void cmd_usage_print(const CmdUsage *usage);
