/* SPDX-License-Identifier: Apache-2.0 */
/* The ids that a user namespace has. */
#pragma once

#include "base/util.h"

/** The id that is shown for one that the namespace does not have (/proc/sys/fs/overflowuid). */
#define IDS_OVERFLOW 65534U

typedef struct IdsRange {
        uint32_t first, count;
} IdsRange;

/** A map of more ranges has the kernel none (user_namespaces(7)). */
#define IDS_RANGES_MAX 340

typedef struct Ids {
        IdsRange items[IDS_RANGES_MAX];
        size_t n;
} Ids;

/** ids_parse - read the ids inside from the text of a uid_map or gid_map. Returns 0; -EINVAL: it is none. */
int ids_parse(const char *text, Ids *ret);

/** ids_show - return the id under which a view shows the host's id @host: the same number if the sandbox has
 * it, otherwise IDS_OVERFLOW; if the sandbox does not have that either, 0. */
uint32_t ids_show(const Ids *ids, uint32_t host);
