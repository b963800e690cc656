/* SPDX-License-Identifier: Apache-2.0 */
/* The lower of a file system that a helper serves, as the helper may see it. */
#pragma once

#include "plan/plan.h"

/**
 * lower_hide - cover, in a tree of the host's, all that operations of the plan hide: so nothing of it is seen
 * when what hides it in the sandbox comes off, nor by a helper that was taken over.
 *
 * @tree: a mount that is attached (confine_root_add()), which shows what the sandbox sees at @dest.
 * @from: the index of the first operation that counts; @only_masks: of those only OP_MASK.
 * @empty: where empty directories and files are made for it (lower_make_empty()).
 *
 * Returns 0 or -errno with @err.
 */
int lower_hide(const PlanRoot *root, size_t from, bool only_masks, int tree, const char *dest, int empty,
               Error *err);

/** lower_make_empty - a detached mount for what lower_hide() makes. It has to be attached before that. 0 or
 * -errno with @err. */
int lower_make_empty(int *ret_fd, Error *err);

/** lower_seal_empty - once everything is hidden: nothing more is made there. 0 or -errno with @err. */
int lower_seal_empty(int empty, Error *err);
