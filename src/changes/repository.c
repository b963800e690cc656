/* SPDX-License-Identifier: Apache-2.0 */
/* Recognizes the directories of git repositories. */
#include "changes/repository.h"

#include <fcntl.h>
#include <sys/stat.h>

static bool has(int fd, const char *name)
{
        struct stat st;
        return fd >= 0 && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool repository_is(int upper, int lower)
{
        static const char *const names[] = {"HEAD", "commondir", "objects", "refs"};
        bool found[ARRAY_LEN(names)];
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                found[i] = has(upper, names[i]) || has(lower, names[i]);
                if (i == 0 && !found[0])
                        return false;
        }
        return found[1] || (found[2] && found[3]);
}

uint32_t repository_count_below(const ChangesLayer *layer)
{
        CLEANUP_FREE char *path = NULL;
        if (!layer->lower || !str_eq(layer->lower, layer->dest) || !(path = strdup(layer->lower)))
                return 0;
        uint32_t n = 1;
        for (char *slash; (slash = strrchr(path, '/')) && slash > path; n++) {
                *slash = '\0';
                CLEANUP_FD int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (repository_is(FD_NONE, fd))
                        return n;
        }
        return 0;
}
