/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to a record's lines to see that it is refused then. */
#pragma once

#include "base/util.h"
#include "unit.h"

#include <stdio.h>

/** A kind of record under test. */
typedef struct RecordKind {
        int (*parse)(const char *text, size_t len); /* reads it and frees it again */
        const char *const *optional; /* names whose lines may be missing; the last one is NULL */
        const char *const *lists;    /* names whose lines may be there twice; the last one is NULL */
} RecordKind;

static inline bool is_among(const char *const *names, const char *name)
{
        for (; *names; names++)
                if (str_eq(*names, name))
                        return true;
        return false;
}

/** The text with line @which replaced by @with, which may be several, or without it (NULL). Owned. */
static inline char *with_line(const char *text, size_t which, const char *with)
{
        char *out = calloc(1, strlen(text) + (with ? strlen(with) : 0) + 2);
        size_t n = 0;
        assert_non_null(out);
        for (const char *p = text; *p; n++) {
                size_t len = strcspn(p, "\n") + 1;
                if (n != which)
                        strncat(out, p, len);
                else if (with)
                        strcat(strcat(out, with), "\n");
                p += len;
        }
        return out;
}

/** The text with the value of the first line @name replaced by @value. Owned. */
static inline char *with_value(const char *text, const char *name, const char *value)
{
        char line[256];
        size_t n = 0, len = strlen(name);
        const char *p = text;
        for (; *p && (strncmp(p, name, len) != 0 || p[len] != ' '); n++)
                p += strcspn(p, "\n") + 1;
        if (!*p)
                fail_msg("there is no line %s", name);
        (void)snprintf(line, sizeof(line), "%s %s", name, value);
        return with_line(text, n, line);
}

static inline void check_line(const RecordKind *kind, const char *text, size_t which, const char *with,
                              bool taken)
{
        CLEANUP_FREE char *changed = with_line(text, which, with);
        int r = kind->parse(changed, strlen(changed));
        if (r != (taken ? 0 : -EBADMSG))
                fail_msg("line %zu as '%s': %d", which, with ? with : "(missing)", r);
}

static inline void check_value(const RecordKind *kind, const char *text, const char *name, const char *value,
                               bool taken)
{
        CLEANUP_FREE char *changed = with_value(text, name, value);
        int r = kind->parse(changed, strlen(changed));
        if (r != (taken ? 0 : -EBADMSG))
                fail_msg("'%s %s': %d", name, value, r);
}

/** Cut anywhere, and each line missing, unknown, without a value, and twice. */
static inline void check_each_line_to_count(const RecordKind *kind, const char *text)
{
        size_t len = strlen(text), n = 1;
        for (size_t i = 1; i < len; i++)
                assert_int_equal(kind->parse(text, i), -EBADMSG);
        for (const char *p = strchr(text, '\n') + 1; !str_eq(p, "end\n"); p += strcspn(p, "\n") + 1, n++) {
                char name[64], line[1024];
                int whole = (int)strcspn(p, "\n");
                (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(p, " \n"), p);
                check_line(kind, text, n, NULL, is_among(kind->optional, name));
                check_line(kind, text, n, name, false);
                (void)snprintf(line, sizeof(line), "x%.*s", whole, p);
                check_line(kind, text, n, line, false);
                (void)snprintf(line, sizeof(line), "%.*s\n%.*s", whole, p, whole, p);
                check_line(kind, text, n, line, is_among(kind->lists, name));
                (void)snprintf(line, sizeof(line), "%.*s\n", whole, p);
                check_line(kind, text, n, line, false);
        }
}

/** What is no number, and what is beside @min and @max, which are taken. */
static inline void check_number(const RecordKind *kind, const char *text, const char *name, const char *min,
                                const char *below, const char *max, const char *above)
{
        static const char *const wrong[] = {"",   "x",   "1x", " 1", "1 ",  "+1",
                                            "-0", "0x1", "1.", "-",  "--1", "18446744073709551616"};
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
                check_value(kind, text, name, wrong[i], false);
        check_value(kind, text, name, min, true);
        check_value(kind, text, name, below, false);
        check_value(kind, text, name, max, true);
        check_value(kind, text, name, above, false);
}
