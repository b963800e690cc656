/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Returns the directory of kurung's own helper programs, for the program that runs in its build directory and
 * is never installed: the program's own directory. It is linked with this object in place of host_helpers.c,
 * like systemd's programs, which have a run path until they are installed. So the program contains no path of
 * the build, and trusts no environment variable.
 *
 * Only those who can replace the program can give it another helper: the helper must belong to root or to the
 * program's owner (find_net_helper()), and must not be where a sandbox could write (written_check_program()),
 * because a payload could put a helper beside a program that is read-only to it.
 */
#include "base/path.h"
#include "base/process.h"
#include "plan/host_internal.h"

#include <limits.h>

char *host_helpers_dir(void)
{
        char program[PATH_MAX];
        return process_program(program, sizeof(program)) == 0 ? path_parent(program) : NULL;
}
