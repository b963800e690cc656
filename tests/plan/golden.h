/* SPDX-License-Identifier: Apache-2.0 */
/* Compares lines with a golden file, tests/plan/NAME.golden; with KURUNG_UPDATE_GOLDEN set it is written
 * anew. */
#pragma once

#include "../unit/unit.h"

#include "base/io.h"
#include "cmd/plan_json.h"
#include "plan/plan_words.h"

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

/* json-c writes an empty array on one line or on two, depending on its version. */
static void join_empty(char *text)
{
        char *to = text;
        for (const char *from = text; *from; from++) {
                const char *next = from + 1 + strspn(from + 1, " \n");
                *to++ = *from;
                if ((*from == '[' && *next == ']') || (*from == '{' && *next == '}'))
                        from = next - 1;
        }
        *to = '\0';
}

/* Compares the JSON of a plan with NAME-json.golden. Without json-c, nothing is compared. */
static UNUSED void json_is_golden(const Plan *plan, const char *name)
{
        char file[64];
        CLEANUP_FREE char *got = NULL;
        size_t len;
        Error err = {0};
        FILE *out = open_memstream(&got, &len);
        assert_non_null(out);
        int r = plan_print_json(plan, out, &err);
        assert_int_equal(fclose(out), 0);
        if (r == -ENOENT)
                return;
        assert_int_equal(r, 0);
        join_empty(got);
        (void)snprintf(file, sizeof(file), "%s-json", name);
        lines_are_golden(got, file);
}

/* Compares the words for a plan with NAME-words.golden. */
static UNUSED void words_are_golden(const Plan *plan, const char *name)
{
        char file[64];
        CLEANUP_FREE char *got = NULL;
        size_t len;
        FILE *out = open_memstream(&got, &len);
        assert_non_null(out);
        plan_print_words(plan, false, out);
        assert_int_equal(fclose(out), 0);
        (void)snprintf(file, sizeof(file), "%s-words", name);
        lines_are_golden(got, file);
}
