/* SPDX-License-Identifier: Apache-2.0 */
/* --help of "run" and "shell", from the key table. */
#pragma once

/** help_print_run - @command: "run" or "shell"; to stdout. */
void help_print_run(const char *command);
