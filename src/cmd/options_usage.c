/* SPDX-License-Identifier: Apache-2.0 */
/* Prints --help of the commands without profiles. It is not in options.c, so that completions.c can replace
 * the function. */
#include "cmd/examples.h"
#include "cmd/options.h"
#include "cmd/pager.h"

#include <stdio.h>

void cmd_usage_print(const CmdUsage *usage)
{
        char command[32];
        pager_start();
        printf("Usage: kurung %s\n\n%s\n\nOptions:\n", usage->synopsis, usage->about);
        for (size_t i = 0; i < usage->n; i++) {
                const CmdOption *o = &usage->options[i];
                char left[80], shorter[5] = "    ";
                if (o->letter)
                        (void)snprintf(shorter, sizeof(shorter), "-%c, ", o->letter);
                (void)snprintf(left, sizeof(left), "%s--%s%s%s", shorter, o->name, o->argument ? "=" : "",
                               o->argument ? o->argument : "");
                printf("  %-26s  %s\n", left, o->help);
        }
        printf("  -h, --help                  show this help\n");
        if (usage->more)
                printf("\n%s\n", usage->more);
        /* The synopsis begins with the command. */
        (void)snprintf(command, sizeof(command), "%.*s", (int)strcspn(usage->synopsis, " "), usage->synopsis);
        examples_print(command);
        pager_end();
}
