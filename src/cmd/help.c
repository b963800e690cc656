/* SPDX-License-Identifier: Apache-2.0 */
/* Prints --help of "run", "shell" and "try", from the key table. */
#include "cmd/help.h"

#include "cmd/examples.h"
#include "cmd/pager.h"
#include "front/front.h"

#include <stdio.h>

static void print_option(char letter, const char *name, const char *argument, const char *help)
{
        char left[80], shorter[5] = "    ";
        if (letter)
                (void)snprintf(shorter, sizeof(shorter), "-%c, ", letter);
        const char *bracket = argument && argument[0] == '[' ? strchr(argument, ']') : NULL;
        if (bracket && bracket[1] == '\0') /* "[NAME]": the whole value is optional */
                (void)snprintf(left, sizeof(left), "%s--%s[=%s", shorter, name, argument + 1);
        else
                (void)snprintf(left, sizeof(left), "%s--%s%s%s", shorter, name, argument ? "=" : "",
                               argument ? argument : "");
        if (strlen(left) <= 34)
                printf("  %-34s  %s\n", left, help);
        else
                printf("  %s\n  %-34s  %s\n", left, "", help);
}

/* The first lines of each command's help. */
static const char *synopsis(const char *command)
{
        if (str_eq(command, "shell"))
                return "Usage: kurung shell [OPTIONS] [--] [COMMAND [ARG...]]\n\n"
                       "Start a login shell in a new sandbox.\n";
        if (str_eq(command, "try"))
                return "Usage: kurung try [OPTIONS] [--] COMMAND [ARG...]\n\n"
                       "Run a command in a new sandbox, show its changes, and ask what to apply.\n"
                       "Without a terminal to ask on, the sandbox is kept.\n";
        return "Usage: kurung run [OPTIONS] [--] COMMAND [ARG...]\n\n"
               "Run a command in a new sandbox.\n";
}

void help_print_run(const char *command)
{
        const char *section = "";
        pager_start();
        printf("%s\nOptions:\n", synopsis(command));
        for (size_t i = 0; i < front_flags_n; i++)
                print_option(front_flags[i].letter, front_flags[i].name, front_flags[i].argument,
                             front_flags[i].help);
        for (size_t i = 0; i < KEY_MAX; i++) {
                if (!keys[i].option)
                        continue;
                if (!str_eq(section, keys[i].section))
                        printf("\n%s:\n", section = keys[i].section);
                print_option(keys[i].short_option, keys[i].option, keys[i].argument, keys[i].help);
        }
        printf("\nExit status: the command's own; 125 if kurung failed, 126 if the command cannot be "
               "executed,\n"
               "127 if it is not found, 128+N if signal N ended it. See kurung(1) and kurung-profile(5).\n");
        examples_print(command);
        pager_end();
}
