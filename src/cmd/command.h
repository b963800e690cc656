/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, each in a file of its own. commands.c has the table of commands. */
#pragma once

#include "base/error.h"
#include "base/log.h"

/**
 * command_failed - print why a command failed; every command ends with it.
 *
 * @r: the -errno that was returned, for an error that is not set.
 *
 * Returns the exit status, never 0.
 */
static inline int command_failed(Error *err, int r)
{
        (void)error_ensure(err, r, "the command");
        log_error("%s", err->text);
        return err->exit_code;
}

/** command_variable - return a variable of the caller's environment; NULL: unset. For contexts that take a
 * function. */
static inline const char *command_variable(const char *name)
{
        return getenv(name);
}

/** Each gets its own argv (argv[0] is the command's name, and the entry before it that of the program),
 * prints, and returns the exit status. */
int cmd_run(int argc, char **argv);
int cmd_shell(int argc, char **argv);
int cmd_apply(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_discard(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_image(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_ps(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_try(int argc, char **argv);
int cmd_profile(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

/** A command, as the first argument names it. */
typedef struct Command {
        const char *name;
        const char *help; /* one line */
        int (*main)(int argc, char **argv);
        const char *words; /* the words that shells complete (cmd/completions.c); NULL: none */
} Command;

/** The commands, in the order of --help. */
extern const Command commands[];
extern const size_t commands_n;

/** command_find - find a command by its name; NULL: unknown. */
const Command *command_find(const char *name);

/** cmd_short - run "kurung PROFILE [ARG...]": "run -p PROFILE", with the profile's Command= if it has one.
 * Returns the exit status; -ENOENT: @argv[0] is no profile. */
int cmd_short(int argc, char **argv);
