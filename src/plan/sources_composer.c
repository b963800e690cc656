/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the repositories of Composer's config.json and of the project's composer.json ("Repositories" of its
 * manual): the values of "url". In both files, no other key of this name is a host to fetch from.
 */
#include "plan/sources_internal.h"

#include <ctype.h>

/* Takes a JSON string that begins behind its quote. Escapes other than "\/" are not part of a URL. Returns
 * its end, or NULL; cuts @at. */
static char *take_string(char *at, char **ret)
{
        char *to = *ret = at;
        for (; *at && *at != '"'; *to++ = *at++)
                if (*at == '\\' && *++at != '/')
                        return NULL;
        if (*at != '"')
                return NULL;
        *to = '\0';
        return at + 1;
}

static int read_json(Finder *f, const char *path, bool *ret_replaced)
{
        CLEANUP_FREE char *text = source_read(f, path);
        const SourceOrigin origin = {.where = path, .in_project = source_in_project(f, path)};
        char *at = text, *value;
        int r = 0;
        if (text && !origin.in_project)
                for (const char *off = text; (off = strstr(off, "\"packagist")); off++) {
                        const char *colon = off + strcspn(off, ":");
                        size_t space = *colon ? strspn(colon + 1, " \t\r\n") : 0;
                        *ret_replaced |= *colon && str_starts(colon + 1 + space, "false");
                }
        while (r == 0 && at && (at = strstr(at, "\"url\""))) {
                at += strlen("\"url\"");
                while (isspace((unsigned char)*at))
                        at++;
                if (*at != ':')
                        continue;
                for (at++; isspace((unsigned char)*at);)
                        at++;
                char *end = *at == '"' ? take_string(at + 1, &value) : NULL;
                if (!end)
                        continue;
                r = source_add_url(f, value, &origin);
                at = end;
        }
        return r;
}

static int read_config(Finder *f, const char *dir, const char *name, bool *ret_replaced)
{
        CLEANUP_FREE char *path = source_path(f, dir, name);
        return path ? read_json(f, path, ret_replaced) : -ENOMEM;
}

int source_composer(Finder *f, Error *err)
{
        const SourcesContext *c = f->ctx;
        const char *own = c->getenv ? c->getenv("COMPOSER_HOME") : NULL;
        const char *xdg = c->getenv ? c->getenv("XDG_CONFIG_HOME") : NULL;
        bool replaced = false;
        int r = 0;
        (void)err;
        if (own && own[0] == '/')
                r = read_config(f, own, "config.json", &replaced);
        else if (xdg && xdg[0] == '/')
                r = read_config(f, xdg, "composer/config.json", &replaced);
        else if (c->home)
                r = read_config(f, c->home, ".config/composer/config.json", &replaced);
        if (r == 0 && c->home && !own)
                r = read_config(f, c->home, ".composer/config.json", &replaced);
        if (r == 0 && c->cwd)
                r = read_config(f, c->cwd, "composer.json", &replaced);
        return r == 0 && !replaced
                       ? source_notice(f, "config.json does not replace Composer's own repository; allow "
                                          "its host, and those of the packages, with Allow=")
                       : r;
}
