/* SPDX-License-Identifier: Apache-2.0 */
/* How large a tree is. */
#pragma once

#include "base/util.h"

typedef struct TreeSize {
        uint64_t bytes;   /* of the disk */
        uint64_t entries; /* below the directory */
        bool complete;    /* else there is more: too much or too deep to look at, or closed */
} TreeSize;

/**
 * measure_tree - add up what is below a directory, following no link and with a bounded number of
 * descriptors.
 *
 * @fd: taken, and closed.
 */
void measure_tree(int fd, TreeSize *ret);
