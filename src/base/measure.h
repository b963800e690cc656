/* SPDX-License-Identifier: Apache-2.0 */
/* The size of a tree. */
#pragma once

#include "base/util.h"

typedef struct TreeSize {
        uint64_t bytes;   /* of disk space */
        uint64_t entries; /* below the directory */
        bool complete;    /* otherwise there is more: too many entries, too deep, or not accessible */
} TreeSize;

/**
 * measure_tree - add up the entries below a directory, without following links and with a bounded number of
 * descriptors.
 *
 * @fd: the function takes ownership.
 */
void measure_tree(int fd, TreeSize *ret);
