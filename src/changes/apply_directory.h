/* SPDX-License-Identifier: Apache-2.0 */
/* A change of a directory, and all that is in it. For apply.c alone. */
#pragma once

#include "changes/apply.h"

/** apply_enter - enter the directory @c: as the host has it, as a new one, or, when it is not taken, only to
 * skip what is in it. 0; -errno with a->err when the apply cannot go on. */
int apply_enter(Apply *a, const Change *c);

/** apply_leave - leave the directory on top. A new one gets its mode and times, and is put in its place. The
 * same errors. */
int apply_leave(Apply *a);
