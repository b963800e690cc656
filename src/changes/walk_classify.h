/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the differences between an entry of the upper and that of the lower. For walk.c alone. */
#pragma once

#include "changes/walk_read.h"

/**
 * walk_classify - set @c->kind and @c->what for an entry of the directory on top.
 *
 * @c: c->now, c->target and c->xattrs are the upper's; c->before is the lower's, mode 0: none.
 *
 * Returns 0; -errno if the upper's file cannot be read.
 */
int walk_classify(Walk *w, Change *c);
