/* SPDX-License-Identifier: Apache-2.0 */
/* Decides which owners a view shows. */
#include "view/ids.h"

#include <stdio.h>

int ids_parse(const char *text, Ids *ret)
{
        Ids ids = {.n = 0};
        unsigned inside, outside, count;
        int len = 0;
        for (const char *p = text; *p; p += len) {
                if (ids.n == IDS_RANGES_MAX ||
                    sscanf(p, "%u %u %u%n", &inside, &outside, &count, &len) != 3 || p[len] != '\n')
                        return -EINVAL;
                len++;
                ids.items[ids.n++] = (IdsRange){.first = inside, .count = count};
        }
        *ret = ids;
        return 0;
}

static bool has_id(const Ids *ids, uint32_t id)
{
        for (size_t i = 0; i < ids->n; i++)
                if (id - ids->items[i].first < ids->items[i].count)
                        return true;
        return false;
}

/* A file whose owner is not mapped cannot be changed by anybody: not even copied up. */
uint32_t ids_show(const Ids *ids, uint32_t host)
{
        if (has_id(ids, host))
                return host;
        return !has_id(ids, IDS_OVERFLOW) && has_id(ids, 0) ? 0 : IDS_OVERFLOW;
}
