/* SPDX-License-Identifier: Apache-2.0 */
/* --help of "run", "shell" and "try", from the key table. */
#pragma once

/** help_print_run - print the help of @command ("run", "shell" or "try") to stdout. */
void help_print_run(const char *command);
