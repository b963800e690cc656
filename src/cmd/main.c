/* SPDX-License-Identifier: Apache-2.0 */
/* kurung(1): the command table. */
#include "base/error.h"
#include "base/log.h"
#include "base/process.h"
#include "cmd/command.h"

#include <fcntl.h>
#include <stdio.h>

typedef struct Command {
        const char *name;
        const char *help;
        int (*main)(int argc, char **argv);
} Command;

static const Command commands[] = {
        {"run", "run a command in a new sandbox", cmd_run},
        {"shell", "the same with a login shell", cmd_shell},
        {"try", "run, show the changes, ask what to apply", cmd_try},
        {"diff", "what a kept sandbox changed", cmd_diff},
        {"apply", "take a kept sandbox's changes over to this system", cmd_apply},
        {"export", "pack a kept sandbox's changes", cmd_export},
        {"discard", "remove kept sandboxes", cmd_discard},
        {"ps", "running and kept sandboxes", cmd_ps},
        {"exec", "run a further command in a running sandbox", cmd_exec},
        {"stop", "end running sandboxes", cmd_stop},
        {"inspect", "all that is known of a sandbox", cmd_inspect},
        {"profile", "what a profile says once merged: list, show, check; trust", cmd_profile},
        {"doctor", "what this host lacks, and the exact remedy", cmd_doctor},
};

static void print_help(void)
{
        printf("kurung runs code you do not trust as yourself: no root, no daemon.\n\n"
               "Usage: kurung COMMAND [OPTIONS] [ARG...]\n\nCommands:\n");
        for (size_t i = 0; i < ARRAY_LEN(commands); i++)
                printf("  %-8s  %s\n", commands[i].name, commands[i].help);
        printf("\n\"kurung COMMAND --help\" says more; so do kurung(1) and kurung-profile(5).\n");
}

/* A closed 0, 1 or 2 would be taken by the next file we open, and written to as if it were a terminal. */
static int fill_standard_descriptors(void)
{
        for (;;) {
                int fd = open("/dev/null", O_RDWR);
                if (fd < 0)
                        return -errno;
                if (fd > 2) {
                        fd_close(fd);
                        return 0;
                }
        }
}

int main(int argc, char **argv)
{
        process_remember_arguments(argc, argv);
        process_tame_umask();
        if (fill_standard_descriptors() < 0)
                return EXIT_KURUNG_FAILED;
        if (argc < 2) {
                log_error("no command given; \"kurung --help\" lists them");
                return EXIT_KURUNG_FAILED;
        }
        if (str_eq(argv[1], "--help") || str_eq(argv[1], "-h") || str_eq(argv[1], "help")) {
                print_help();
                return 0;
        }
        if (str_eq(argv[1], "--version")) {
                printf("kurung %s\n", PACKAGE_VERSION);
                return 0;
        }
        for (size_t i = 0; i < ARRAY_LEN(commands); i++)
                if (str_eq(argv[1], commands[i].name)) {
                        int code = commands[i].main(argc - 1, argv + 1);
                        if (fflush(stdout) != 0 && code == 0) {
                                log_error("writing to standard output failed");
                                return EXIT_KURUNG_FAILED;
                        }
                        return code;
                }
        log_error("unknown command '%s'; \"kurung --help\" lists them", argv[1]);
        return EXIT_KURUNG_FAILED;
}
