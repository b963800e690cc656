/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says where kurung's own helper programs are for the program that is run in its build directory, and is
 * never installed: beside it. It has this object in place of host_helpers.c, as systemd's programs have a run
 * path until they are installed, so that the directory of the build need not be in the program and no
 * environment variable need be believed.
 *
 * Who can replace the program can also give it a helper, and nobody else: the helper has to belong to root or
 * to the program's owner (find_net_helper()), and may not lie where a sandbox could write
 * (written_check_program()), as a payload could put one beside a program that is read-only to it.
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
