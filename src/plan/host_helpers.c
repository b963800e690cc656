/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says where kurung's own helper programs are: where the build installs them, and nowhere else. A file beside
 * a copy of the program, in a project or a download, is not taken for one.
 */
#include "plan/host_internal.h"

#ifndef HELPERS_DIR
#define HELPERS_DIR "/usr/local/libexec/kurung"
#endif

char *host_helpers_dir(void)
{
        return strdup(HELPERS_DIR);
}
