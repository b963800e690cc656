/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/util.h"

#include <sys/stat.h>

/** compare_files - compare the content of two regular files of @size bytes; holes are not read. Returns 0 or
 * -errno of reading. */
int compare_files(int a, int b, uint64_t size, bool *ret);

/** compare_next_data - find the next data extent of a file at or after @from with lseek(2): *@ret_from to
 * *@ret_to; both are @size at the end. */
void compare_next_data(int fd, uint64_t from, uint64_t size, uint64_t *ret_from, uint64_t *ret_to);

/** compare_held - return the amount of data in a file with @st, which is at most its size. */
static inline uint64_t compare_held(const struct stat *st)
{
        uint64_t blocks = (uint64_t)st->st_blocks * 512, size = (uint64_t)st->st_size;
        return blocks < size ? blocks : size;
}
