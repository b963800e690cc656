/* SPDX-License-Identifier: Apache-2.0 */
/* Prepares the lower of a file system for the helper that serves it. */
#pragma once

#include "plan/plan.h"

/**
 * lower_hide - cover all paths that operations of the plan hide, in a tree of the host. So they stay hidden
 * if the mount that hides them in the sandbox disappears, and from a helper that was taken over.
 *
 * @tree: an attached mount (confine_root_add()), which shows the files that the sandbox sees at @dest.
 * @from: index of the first operation to consider; @only_masks: consider only OP_MASK.
 * @empty: directory for the empty directories and files that are used as covers (lower_make_empty()).
 *
 * Returns 0 or -errno with @err.
 */
int lower_hide(const PlanRoot *root, size_t from, bool only_masks, int tree, const char *dest, int empty,
               Error *err);

/** lower_make_empty - make a detached mount for the covers of lower_hide(). The caller must attach it first.
 * Returns 0 or -errno with @err. */
int lower_make_empty(int *ret_fd, Error *err);

/** lower_seal_empty - make it read-only, after everything is hidden. Returns 0 or -errno with @err. */
int lower_seal_empty(int empty, Error *err);
