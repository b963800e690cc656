/* SPDX-License-Identifier: Apache-2.0 */
/* Recognizes programs in the directories of $PATH. */
#include "base/path.h"
#include "changes/flags.h"

bool flags_is_searched(const Change *c, const char *path, const char *search)
{
        size_t dir = (size_t)(path_name(path) - path);
        if (dir < 2 || !(S_ISLNK(c->now.mode) || (S_ISREG(c->now.mode) && c->now.mode & 0111)))
                return false;
        for (int r = 1; r > 0;) {
                CLEANUP_FREE char *listed = NULL;
                r = path_list_next(&search, &listed);
                if (r > 0 && strlen(listed) == dir - 1 && strncmp(listed, path, dir - 1) == 0)
                        return true;
                /* Without memory, the safe answer. */
                if (r < 0)
                        return true;
        }
        return false;
}
