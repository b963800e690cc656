/* SPDX-License-Identifier: Apache-2.0 */
/* Reads apt's sources (sources.list(5)), from one-line entries and deb822 stanzas, and its proxies
 * (apt.conf(5)). */
#include "plan/sources_internal.h"

#include <dirent.h>
#include <strings.h>

static int add_uri(Finder *f, const char *uri, const SourceOrigin *origin)
{
        static const char mirror[] = "mirror+file:";
        if (!str_starts(uri, mirror))
                return source_add_url(f, uri, origin);
        /* A file of mirrors, one per line (apt-transport-mirror(1)). */
        const char *name = uri + strlen(mirror);
        CLEANUP_FREE char *path = source_path(f, NULL, name + strspn(name, "/"));
        CLEANUP_FREE char *text = path ? source_read(f, path) : NULL;
        const SourceOrigin in_file = {.where = path};
        char *at = text;
        int r = 0;
        for (char *line; r == 0 && text && (line = source_next_line(&at, NULL));) {
                line[strcspn(line, " \t")] = '\0';
                if (line[0] != '#' && line[0] != '\0')
                        r = source_add_url(f, line, &in_file);
        }
        return r;
}

/* Parses lines "deb [options] URI suite...". */
static int read_list(Finder *f, const char *path)
{
        CLEANUP_FREE char *text = source_read(f, path);
        const SourceOrigin origin = {.where = path};
        char *at = text;
        int r = 0;
        for (char *line; r == 0 && text && (line = source_next_line(&at, NULL));) {
                size_t n = strcspn(line, " \t");
                if (strncmp(line, "deb", n) != 0 && strncmp(line, "deb-src", n) != 0)
                        continue;
                if (n < 3)
                        continue;
                char *uri = line + n + strspn(line + n, " \t");
                if (uri[0] == '[') {
                        uri += strcspn(uri, "]");
                        uri += *uri == ']';
                        uri += strspn(uri, " \t");
                }
                uri[strcspn(uri, " \t")] = '\0';
                r = add_uri(f, uri, &origin);
        }
        return r;
}

static int add_uris(Finder *f, char *value, const SourceOrigin *origin)
{
        char *save = NULL;
        int r = 0;
        for (char *w = strtok_r(value, " \t", &save); r == 0 && w; w = strtok_r(NULL, " \t", &save))
                r = add_uri(f, w, origin);
        return r;
}

/* Parses stanzas. A stanza with "Enabled: no" counts, too: it can only allow a host that root wrote there. */
static int read_deb822(Finder *f, const char *path)
{
        CLEANUP_FREE char *text = source_read(f, path);
        const SourceOrigin origin = {.where = path};
        char *at = text;
        bool uris = false, indented;
        int r = 0;
        for (char *line; r == 0 && text && (line = source_next_line(&at, &indented));) {
                if (line[0] == '#')
                        continue;
                char *value = line;
                if (!indented) {
                        char *colon = strchr(line, ':');
                        uris = colon && strncasecmp(line, "URIs", (size_t)(colon - line)) == 0 &&
                               colon - line == 4;
                        value = colon ? colon + 1 : line;
                }
                if (uris)
                        r = add_uris(f, value, &origin);
        }
        return r;
}

static bool ends_with(const char *name, const char *suffix)
{
        size_t n = strlen(name), s = strlen(suffix);
        return n > s && str_eq(name + n - s, suffix);
}

static int read_parts(Finder *f)
{
        CLEANUP_FREE char *dir = source_path(f, NULL, "etc/apt/sources.list.d");
        DIR *d = dir ? opendir(dir) : NULL;
        int r = dir ? 0 : -ENOMEM;
        for (struct dirent *e; r == 0 && d && (e = readdir(d));) {
                bool list = ends_with(e->d_name, ".list");
                if (!list && !ends_with(e->d_name, ".sources"))
                        continue;
                CLEANUP_FREE char *path = source_path(f, dir, e->d_name);
                r = !path ? -ENOMEM : list ? read_list(f, path) : read_deb822(f, path);
        }
        if (d)
                (void)closedir(d);
        return r;
}

/* apt sends all requests to its proxy. apt-config reads apt.conf and its parts, which belong to root. */
static int read_proxies(Finder *f)
{
        CLEANUP_FREE char *program = source_program(f, "apt-config"), *answer = NULL;
        int status = 0, r = 0;
        if (!program)
                return 0;
        char *argv[] = {
                program, (char[]){"dump"}, (char[]){"--format"}, (char[]){"%f %v%n"}, (char[]){"Acquire"},
                NULL};
        if (source_ask(argv, NULL, false, &status, &answer, NULL) < 0 || status != 0)
                return 0;
        const SourceOrigin origin = {.where = "apt-config"};
        char *at = answer;
        for (char *line; r == 0 && (line = source_next_line(&at, NULL));) {
                char *space = strchr(line, ' ');
                if (!space)
                        continue;
                *space = '\0';
                if (ends_with(line, "::Proxy") && strstr(space + 1, "://"))
                        r = source_add_url(f, source_trim(space + 1), &origin);
        }
        return r;
}

int source_apt(Finder *f, Error *err)
{
        CLEANUP_FREE char *path = source_path(f, NULL, "etc/apt/sources.list");
        int r = path ? read_list(f, path) : -ENOMEM;
        if (r == 0)
                r = read_parts(f);
        if (r == 0)
                r = read_proxies(f);
        if (r == 0 && f->n == 0)
                return error_set(err, ENOENT,
                                 "AllowFrom=apt: no source in /etc/apt has a host; add one, or allow the "
                                 "host with Allow=");
        return r;
}
