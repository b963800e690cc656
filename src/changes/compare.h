/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/util.h"

#include <sys/stat.h>

/** compare_files - whether two regular files of @size bytes hold the same. Holes are not read. 0 or -errno of
 * reading. */
int compare_files(int a, int b, uint64_t size, bool *ret);

/** compare_next_data - the next stretch of data of a file at or after @from, as lseek(2) knows it: *@ret_from
 * to
 * *@ret_to; both @size at the end. */
void compare_next_data(int fd, uint64_t from, uint64_t size, uint64_t *ret_from, uint64_t *ret_to);

/** compare_held - how much of a file of @st is data: never more than its size, however large that is. */
static inline uint64_t compare_held(const struct stat *st)
{
        uint64_t blocks = (uint64_t)st->st_blocks * 512, size = (uint64_t)st->st_size;
        return blocks < size ? blocks : size;
}
