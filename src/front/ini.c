/* SPDX-License-Identifier: Apache-2.0 */
/* Parses sections and keys of profiles. */
#include "front/ini.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

/* Removes surrounding spaces, in place. */
static char *trim(char *text)
{
        while (is_space(*text))
                text++;
        char *end = text + strlen(text);
        while (end > text && is_space(end[-1]))
                *--end = '\0';
        return text;
}

static void cut_comment(char *value)
{
        for (char *p = value; *p; p++)
                if (*p == ';' && p > value && is_space(p[-1])) {
                        *p = '\0';
                        return;
                }
}

/* Returns the name in "[Section]", in place, or NULL with an error text. */
static char *section_of(char *line, const char **ret_what)
{
        char *end = strchr(line, ']');
        if (!end) {
                *ret_what = "section header without ]";
                return NULL;
        }
        *end++ = '\0';
        cut_comment(end);
        if (*trim(end)) {
                *ret_what = "text after the section header";
                return NULL;
        }
        return line + 1;
}

typedef struct Reader {
        IniPair *pair;
        void *userdata;
        unsigned line;
        char *section; /* owned */
        const char *what;
} Reader;

static int read_line(Reader *reader, char *line)
{
        line = trim(line);
        if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
                return 0;
        if (line[0] == '[') {
                const char *name = section_of(line, &reader->what);
                if (!name)
                        return -EINVAL;
                free(reader->section);
                reader->section = strdup(name);
                return reader->section ? 0 : -ENOMEM;
        }
        char *equals = strchr(line, '=');
        if (!equals || equals == line)
                reader->what = "expected [Section] or Key=value";
        else if (!reader->section)
                reader->what = "key before the first [Section]";
        if (reader->what)
                return -EINVAL;
        *equals = '\0';
        char *value = equals + 1;
        cut_comment(value);
        return reader->pair(reader->line, reader->section, trim(line), trim(value), reader->userdata);
}

int ini_read(const char *text, size_t len, IniPair *pair, void *userdata, unsigned *ret_line,
             const char **ret_what)
{
        Reader reader = {.pair = pair, .userdata = userdata};
        size_t mark = strlen(BYTE_ORDER_MARK);
        int r = 0;
        *ret_what = NULL;
        if (len >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0) {
                text += mark;
                len -= mark;
        }
        for (size_t at = 0; r == 0 && at < len;) {
                const char *newline = memchr(text + at, '\n', len - at);
                size_t n = newline ? (size_t)(newline - text) - at : len - at;
                CLEANUP_FREE char *line = strndup(text + at, n);
                reader.line++;
                if (memchr(text + at, '\0', n)) {
                        reader.what = "NUL byte";
                        r = -EINVAL;
                } else {
                        r = line ? read_line(&reader, line) : -ENOMEM;
                }
                at += n + (newline != NULL);
        }
        free(reader.section);
        *ret_line = reader.line;
        *ret_what = reader.what;
        return r;
}
