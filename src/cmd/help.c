/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the help of run and shell. */
#include "cmd/help.h"

#include "front/front.h"

#include <stdio.h>

static void print_option(char letter, const char *name, const char *argument, const char *help)
{
        char left[80], shorter[5] = "    ";
        if (letter)
                (void)snprintf(shorter, sizeof(shorter), "-%c, ", letter);
        if (argument && argument[0] == '[') /* "[NAME]" */
                (void)snprintf(left, sizeof(left), "%s--%s[=%s", shorter, name, argument + 1);
        else
                (void)snprintf(left, sizeof(left), "%s--%s%s%s", shorter, name, argument ? "=" : "",
                               argument ? argument : "");
        if (strlen(left) <= 34)
                printf("  %-34s  %s\n", left, help);
        else
                printf("  %s\n  %-34s  %s\n", left, "", help);
}

void help_print_run(const char *command)
{
        const char *section = "";
        if (str_eq(command, "shell"))
                printf("Usage: kurung shell [OPTIONS] [--] [COMMAND [ARG...]]\n\nOpen a login shell in a new "
                       "sandbox.\n");
        else if (str_eq(command, "try"))
                printf("Usage: kurung try [OPTIONS] [--] COMMAND [ARG...]\n\nRun a command in a new sandbox, "
                       "show "
                       "what it changed, and ask what is to be taken over.\nWhere there is no terminal to "
                       "ask at "
                       "it is kept.\n");
        else
                printf("Usage: kurung run [OPTIONS] [--] COMMAND [ARG...]\n\nRun a command in a new "
                       "sandbox.\n");
        printf("\nOptions:\n");
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
        printf("\nExit status: the command's own; 125 when kurung failed, 126 when the command can't be "
               "executed, 127 when\n"
               "it is not found, 128+N when signal N ended it. kurung(1) and kurung-profile(5) say more.\n");
}
