/* SPDX-License-Identifier: Apache-2.0 */
/* Starts the command that the first argument names. */
#include "base/error.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/process.h"
#include "base/program.h"
#include "cmd/command.h"
#include "cmd/pager.h"
#include "front/builtin.h"
#include "front/habits.h"

#include <stdio.h>
#include <sys/stat.h>

static void print_help(void)
{
        pager_start();
        printf("kurung runs untrusted code in a sandbox, without root and without a daemon.\n\n"
               "Usage: kurung COMMAND [OPTIONS] [ARG...]\n"
               "       kurung PROFILE [ARG...]    (such as \"kurung npm install\")\n"
               "       kurung --no-pager COMMAND...\n\nCommands:\n");
        for (size_t i = 0; i < commands_n; i++)
                printf("  %-8s  %s\n", commands[i].name, commands[i].help);
        printf("\nSee \"kurung COMMAND --help\", kurung(1) and kurung-profile(5).\n");
        pager_end();
}

/* What may stand in place of a command. */
static const char *const options[] = {"--help", "--version", "--no-pager"};

/* Whether @word is a program of this machine. */
static bool is_program(const char *word)
{
        struct stat st;
        if (strchr(word, '/'))
                return stat(word, &st) == 0 && S_ISREG(st.st_mode);
        CLEANUP_FREE char *found = program_find(getenv("PATH"), word);
        return found != NULL;
}

static int unknown_command(const char *word)
{
        const char *advice = habits_command_advice(word);
        Nearest n = NEAREST(word);
        for (size_t i = 0; i < commands_n; i++)
                (void)nearest_offer(&n, commands[i].name);
        for (size_t i = 0; i < builtin_profiles_n; i++)
                (void)nearest_offer(&n, builtin_profiles[i].name);
        if (word[0] == '-')
                for (size_t i = 0; i < ARRAY_LEN(options); i++)
                        (void)nearest_offer(&n, options[i]);
        if (advice)
                log_error("unknown command '%s': %s", word, advice);
        else if (nearest_is_close(&n))
                log_error("unknown command '%s'; did you mean '%s'?", word, n.best);
        else if (is_program(word))
                log_error("unknown command '%s'; to run this program in a sandbox: kurung run -- %s", word,
                          word);
        else if (word[0] == '-')
                log_error("unknown command '%s'; options stand after the command: kurung run [OPTIONS] "
                          "COMMAND",
                          word);
        else
                log_error("unknown command '%s'; see \"kurung --help\"", word);
        return EXIT_KURUNG_FAILED;
}

/* Prints the help of kurung, or of the command that @argv[1] names. */
static int help(int argc, char **argv)
{
        if (argc < 2) {
                print_help();
                return 0;
        }
        const Command *command = command_find(argv[1]);
        char option[] = "--help", *words[] = {argv[1], option, NULL};
        /* A profile runs a command. */
        for (size_t i = 0; !command && i < builtin_profiles_n; i++)
                if (str_eq(builtin_profiles[i].name, argv[1]))
                        command = command_find("run");
        return command ? command->main(2, words) : unknown_command(argv[1]);
}

static int dispatch(int argc, char **argv)
{
        const Command *command = command_find(argv[0]);
        bool asks_help = str_eq(argv[0], "--help") || str_eq(argv[0], "-h") || str_eq(argv[0], "help");
        if (asks_help)
                return help(argc, argv);
        if (str_eq(argv[0], "--version")) {
                printf("kurung %s\n", PACKAGE_VERSION);
                return 0;
        }
        if (command)
                return command->main(argc, argv);
        /* Not a profile: it is misspelled. */
        int code = cmd_short(argc, argv);
        return code == -ENOENT ? unknown_command(argv[0]) : code;
}

int main(int argc, char **argv)
{
        process_remember_arguments(argc, argv);
        process_tame_umask();
        if (process_fill_standard() < 0)
                return EXIT_KURUNG_FAILED;
        if (argc > 1 && str_eq(argv[1], "--no-pager")) {
                pager_forbid();
                argc--;
                argv++;
        }
        if (argc < 2) {
                log_error("no command given; see \"kurung --help\"");
                return EXIT_KURUNG_FAILED;
        }
        int code = dispatch(argc - 1, argv + 1);
        if (fflush(stdout) != 0 && code == 0) {
                log_error("cannot write to standard output");
                return EXIT_KURUNG_FAILED;
        }
        return code;
}
