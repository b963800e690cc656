/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers the notices that were shown. */
#include "state/told.h"

#include "base/io.h"
#include "base/path.h"

#include <fcntl.h>
#include <stdio.h>

#define TOLD_MAX 65536

bool told_before(const char *state_dir, const char *line)
{
        CLEANUP_FREE char *path = state_dir ? path_join(state_dir, "told") : NULL, *text = NULL;
        char *save = NULL;
        if (!path || io_read_file_at(AT_FDCWD, path, TOLD_MAX, &text, NULL) < 0)
                return false;
        for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
                if (str_eq(l, line))
                        return true;
        return false;
}

void told_remember(const char *state_dir, const char *line)
{
        CLEANUP_FREE char *path = state_dir ? path_join(state_dir, "told") : NULL;
        CLEANUP_FD int fd =
                path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600) : FD_NONE;
        if (fd >= 0)
                (void)dprintf(fd, "%s\n", line);
}
