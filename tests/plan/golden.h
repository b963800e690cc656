/* SPDX-License-Identifier: Apache-2.0 */
/* Compares lines with a golden file, tests/plan/NAME.golden; with KURUNG_UPDATE_GOLDEN set it is written
 * anew. */
#pragma once

#include "../unit/unit.h"

#include "base/io.h"

#include <fcntl.h>
#include <stdio.h>

static void lines_are_golden(const char *got, const char *name)
{
        char path[300];
        CLEANUP_FREE char *expected = NULL;
        (void)snprintf(path, sizeof(path), "%s/tests/plan/%s.golden",
                       getenv("SRCDIR") ? getenv("SRCDIR") : ".", name);
        if (getenv("KURUNG_UPDATE_GOLDEN")) {
                CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
                assert_int_equal(io_write_all(fd, got, strlen(got)), 0);
        }
        assert_int_equal(io_read_file_at(AT_FDCWD, path, 1 << 20, &expected, NULL), 0);
        assert_string_equal(got, expected);
}
