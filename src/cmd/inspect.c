/* SPDX-License-Identifier: Apache-2.0 */
/* kurung inspect. */
#include "cmd/command.h"

int cmd_inspect(int argc, char **argv)
{
        (void)argc;
        (void)argv;
        return 125;
}
