/* SPDX-License-Identifier: Apache-2.0 */
/* The examples in --help. */
#pragma once

/** examples_print - print the examples of a command, below a heading; nothing if it has none. */
void examples_print(const char *command);
