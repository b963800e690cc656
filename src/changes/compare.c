/* SPDX-License-Identifier: Apache-2.0 */
/* Compares a file of the upper with the lower's. */
#include "changes/compare.h"

#include "base/defence.h"
#include "base/io.h"

#define CHUNK 65536

void compare_next_data(int fd, uint64_t from, uint64_t size, uint64_t *ret_from, uint64_t *ret_to)
{
        *ret_from = from;
        *ret_to = size;
        if (from >= size || !defence_is_on(DEFENCE_LIMITS))
                return;
        off_t data = lseek(fd, (off_t)from, SEEK_DATA);
        if (data < 0) {
                /* ENXIO: only a hole remains. Other errors: a file system without support for holes. */
                *ret_from = errno == ENXIO ? size : from;
                return;
        }
        off_t hole = lseek(fd, data, SEEK_HOLE);
        *ret_from = (uint64_t)data;
        if (hole > data && (uint64_t)hole < size)
                *ret_to = (uint64_t)hole;
}

/* Finds the end @ret_to of the extent at @at, which is entirely data or entirely a hole. Returns whether it
 * is data. */
static bool is_data(int fd, uint64_t at, uint64_t size, uint64_t *ret_to)
{
        uint64_t from, to;
        compare_next_data(fd, at, size, &from, &to);
        *ret_to = from > at ? from : to;
        return from == at;
}

static bool is_zero(const char *p, size_t len)
{
        return len == 0 || (p[0] == '\0' && memcmp(p, p + 1, len - 1) == 0);
}

int compare_files(int a, int b, uint64_t size, bool *ret)
{
        char left[CHUNK], right[CHUNK];
        *ret = false;
        for (uint64_t at = 0; at < size;) {
                uint64_t a_to, b_to;
                bool in_a = is_data(a, at, size, &a_to), in_b = is_data(b, at, size, &b_to);
                uint64_t to = a_to < b_to ? a_to : b_to;
                /* A hole in both files is equal, however large. */
                for (; (in_a || in_b) && at < to;) {
                        size_t len = to - at < CHUNK ? (size_t)(to - at) : CHUNK;
                        ssize_t n = in_a ? io_read_at(a, left, len, at) : (ssize_t)len;
                        ssize_t m = in_b ? io_read_at(b, right, len, at) : (ssize_t)len;
                        if (n < 0 || m < 0)
                                return (int)(n < 0 ? n : m);
                        if ((size_t)n != len || (size_t)m != len)
                                return 0;
                        if (in_a && in_b ? memcmp(left, right, len) != 0 : !is_zero(in_a ? left : right, len))
                                return 0;
                        at += len;
                }
                at = to;
        }
        *ret = true;
        return 0;
}
