/* SPDX-License-Identifier: Apache-2.0 */
/* Searches the directories of $PATH. */
#include "base/program.h"

#include "base/path.h"

#include <sys/stat.h>

char *program_find(const char *path, const char *name)
{
        for (;;) {
                CLEANUP_FREE char *dir = NULL;
                struct stat st;
                if (path_list_next(&path, &dir) <= 0)
                        return NULL;
                CLEANUP_FREE char *file = path_join(dir, name);
                if (file && stat(file, &st) == 0 && S_ISREG(st.st_mode) && access(file, X_OK) == 0)
                        return TAKE_PTR(file);
        }
}
