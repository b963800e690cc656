/* SPDX-License-Identifier: Apache-2.0 */
/* Applies a change of a directory and its entries. For apply.c alone. */
#pragma once

#include "changes/apply.h"

/** apply_enter - enter the directory @c: the host's, a new one, or, if it is not applied, only to skip its
 * entries. Returns 0; -errno with a->err if the apply cannot continue. */
int apply_enter(Apply *a, const Change *c);

/** apply_leave - leave the directory on top; set the mode and times of a new one and place it. Returns like
 * apply_enter(). */
int apply_leave(Apply *a);
