/* SPDX-License-Identifier: Apache-2.0 */
/* Compares words by edit distance. */
#include "base/nearest.h"

#include <strings.h>

#define LENGTH_MAX 64

static bool same_letter(char a, char b)
{
        return strncasecmp(&a, &b, 1) == 0;
}

static size_t least(size_t a, size_t b)
{
        return a < b ? a : b;
}

/* The number of letters to insert, remove, replace, or exchange with their neighbour (optimal string
 * alignment), ignoring case; long words are truncated. */
static size_t distance(const char *a, const char *b)
{
        size_t rows[3][LENGTH_MAX + 1], n = strnlen(a, LENGTH_MAX), m = strnlen(b, LENGTH_MAX);
        for (size_t j = 0; j <= m; j++)
                rows[0][j] = j;
        for (size_t i = 1; i <= n; i++) {
                size_t *row = rows[i % 3];
                const size_t *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
                row[0] = i;
                for (size_t j = 1; j <= m; j++) {
                        row[j] = above[j - 1] + !same_letter(a[i - 1], b[j - 1]);
                        row[j] = least(row[j], least(above[j], row[j - 1]) + 1);
                        if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                            same_letter(a[i - 2], b[j - 1]))
                                row[j] = least(row[j], two_above[j - 2] + 1);
                }
        }
        return rows[n % 3][m];
}

bool nearest_offer(Nearest *n, const char *candidate)
{
        size_t d = candidate ? distance(n->word, candidate) : SIZE_MAX;
        if (d >= n->distance)
                return false;
        n->distance = d;
        n->best = candidate;
        return true;
}

bool nearest_is_close(const Nearest *n)
{
        size_t len = strlen(n->word);
        if (!n->best)
                return false;
        return n->distance <= (strlen(n->best) + 2) / 3 ||
               (len >= 3 && strncasecmp(n->best, n->word, len) == 0);
}
