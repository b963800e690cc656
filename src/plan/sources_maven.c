/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the mirrors and repositories of Maven's settings.xml and of the project's pom.xml ("Settings
 * Reference"). The parser knows tags and comments, which is all of XML that these parts of such files use.
 */
#include "plan/sources_internal.h"

/* Removes comments, in place. */
static void drop_comments(char *text)
{
        char *to = text;
        for (const char *from = text; *from;) {
                const char *end = str_starts(from, "<!--") ? strstr(from, "-->") : NULL;
                if (!end && str_starts(from, "<!--"))
                        break;
                if (end)
                        from = end + 3;
                else
                        *to++ = *from++;
        }
        *to = '\0';
}

static bool is_tag(const char *name, size_t len, const char *wanted)
{
        return strlen(wanted) == len && strncmp(name, wanted, len) == 0;
}

/* Returns whether an element's <url> is a place from which artifacts come: not the home page of a project. */
static bool holds_repository(const char *name, size_t len)
{
        return is_tag(name, len, "mirror") || is_tag(name, len, "repository") ||
               is_tag(name, len, "pluginRepository");
}

/* Handles the element <NAME> at @name, whose text follows @text. */
static int take_element(Finder *f, const char *name, size_t len, const char *text, const SourceOrigin *origin,
                        bool *ret_replaced)
{
        text += strspn(text, " \t\r\n");
        CLEANUP_FREE char *value = strndup(text, strcspn(text, "<"));
        if (!value)
                return -ENOMEM;
        const char *trimmed = source_trim(value);
        if (is_tag(name, len, "url"))
                return source_add_url(f, trimmed, origin);
        /* "*", "external:*" or "central". */
        if (is_tag(name, len, "mirrorOf") && !origin->in_project && !strstr(trimmed, "!central") &&
            (strchr(trimmed, '*') || strstr(trimmed, "central")))
                *ret_replaced = true;
        return 0;
}

static int read_xml(Finder *f, const char *path, bool *ret_replaced)
{
        CLEANUP_FREE char *text = source_read(f, path);
        const SourceOrigin origin = {.where = path, .in_project = source_in_project(f, path)};
        bool inside = false;
        int r = 0;
        if (!text)
                return 0;
        drop_comments(text);
        for (const char *at = text; r == 0 && (at = strchr(at, '<'));) {
                bool closes = *++at == '/';
                const char *name = at + closes;
                size_t len = strcspn(name, " \t\r\n>/");
                const char *end = strchr(name, '>');
                if (!end)
                        break;
                if (holds_repository(name, len))
                        inside = !closes;
                else if (inside && !closes)
                        r = take_element(f, name, len, end + 1, &origin, ret_replaced);
        }
        return r;
}

static int read_settings(Finder *f, const char *dir, const char *name, bool *ret_replaced)
{
        CLEANUP_FREE char *path = source_path(f, dir, name);
        return path ? read_xml(f, path, ret_replaced) : -ENOMEM;
}

int source_maven(Finder *f, Error *err)
{
        const SourcesContext *c = f->ctx;
        bool replaced = false;
        (void)err;
        int r = c->home ? read_settings(f, c->home, ".m2/settings.xml", &replaced) : 0;
        if (r == 0)
                r = read_settings(f, NULL, "etc/maven/settings.xml", &replaced);
        if (r == 0)
                r = read_settings(f, NULL, "usr/share/maven/conf/settings.xml", &replaced);
        if (r == 0 && c->cwd)
                r = read_settings(f, c->cwd, "pom.xml", &replaced);
        /* Nothing prints the host of the built-in repository without reaching it. */
        return r == 0 && !replaced
                       ? source_notice(f, "settings.xml has no mirror of Maven's own repository; allow "
                                          "its host with Allow=")
                       : r;
}
