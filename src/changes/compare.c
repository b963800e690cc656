/* SPDX-License-Identifier: Apache-2.0 */
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
                /* ENXIO: only a hole is left. Other errors: a file system without holes. */
                *ret_from = errno == ENXIO ? size : from;
                return;
        }
        off_t hole = lseek(fd, data, SEEK_HOLE);
        *ret_from = (uint64_t)data;
        if (hole > data && (uint64_t)hole < size)
                *ret_to = (uint64_t)hole;
}

int compare_files(int a, int b, uint64_t size, bool *ret)
{
        char left[CHUNK], right[CHUNK];
        *ret = false;
        for (uint64_t at = 0; at < size;) {
                uint64_t a_from, a_to, b_from, b_to;
                compare_next_data(a, at, size, &a_from, &a_to);
                compare_next_data(b, at, size, &b_from, &b_to);
                /* What is a hole in both is the same. */
                at = a_from < b_from ? a_from : b_from;
                if (at >= size)
                        break;
                size_t len = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
                ssize_t n = io_read_at(a, left, len, at), m = io_read_at(b, right, len, at);
                if (n < 0 || m < 0)
                        return (int)(n < 0 ? n : m);
                if (n != m || (size_t)n != len || memcmp(left, right, len) != 0)
                        return 0;
                at += len;
        }
        *ret = true;
        return 0;
}
