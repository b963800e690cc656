/* SPDX-License-Identifier: Apache-2.0 */
/* Details of a sandbox in words. For the files of inspect alone. */
#pragma once

#include "base/measure.h"
#include "mech/cgroup.h"
#include "state/kept.h"
#include "state/live.h"

/** inspect_print_live - print a running sandbox. @upper: the size of its changes; NULL: unknown. */
void inspect_print_live(const Live *live, const TreeSize *upper);

/** inspect_print_kept - print a kept sandbox, and what a command that resumes it could do. @upper: as above.
 */
void inspect_print_kept(const Kept *kept, const TreeSize *upper);

/** inspect_print_home - print a kept home. @size: NULL: unknown. */
void inspect_print_home(const char *name, const char *path, bool in_use, const TreeSize *size);
