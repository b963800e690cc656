/* SPDX-License-Identifier: Apache-2.0 */
/* What of an entry is not as in the lower. For walk.c alone. */
#pragma once

#include "changes/walk_read.h"

/**
 * walk_classify - set @c->kind and @c->what of an entry of the directory on top.
 *
 * @c: c->now, c->target and c->xattrs are the upper's; c->before is the lower's, mode 0: none.
 *
 * Returns 0; -errno when the upper's file can't be read.
 */
int walk_classify(Walk *w, Change *c);
