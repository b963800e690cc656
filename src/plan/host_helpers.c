/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Returns the directory of kurung's own helper programs: the one that the build installs to, and no other. A
 * file beside a copy of the program, in a project or a download, is not used as a helper.
 */
#include "plan/host_internal.h"

#ifndef HELPERS_DIR
#define HELPERS_DIR "/usr/local/libexec/kurung"
#endif

char *host_helpers_dir(void)
{
        return strdup(HELPERS_DIR);
}
