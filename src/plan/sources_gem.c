/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the sources of RubyGems (gemrc, "gem help environment") and Bundler ("bundle config", "mirror"). */
#include "plan/sources_internal.h"

#include <sys/wait.h>

/* Reads the list "sources" of a gemrc: ":sources:" and lines "- URL". */
static int read_gemrc(Finder *f, const char *path, bool *ret_found)
{
        CLEANUP_FREE char *text = source_read(f, path);
        const SourceOrigin origin = {.where = path, .in_project = source_in_project(f, path)};
        char *at = text;
        bool in_list = false;
        int r = 0;
        for (char *line; r == 0 && text && (line = source_next_line(&at, NULL));) {
                bool entry = line[0] == '-' && (line[1] == ' ' || line[1] == '\t');
                if (line[0] == '#' || line[0] == '\0')
                        continue;
                if (!entry) {
                        in_list = str_eq(line, ":sources:") || str_eq(line, "sources:");
                        continue;
                }
                if (in_list) {
                        *ret_found |= !origin.in_project;
                        r = source_add_url(f, source_trim(line + 1), &origin);
                }
        }
        return r;
}

/* Reads the mirrors of a configuration of Bundler: "BUNDLE_MIRROR__NAME: "URL"". */
static int read_bundle(Finder *f, const char *path, bool *ret_found)
{
        CLEANUP_FREE char *text = source_read(f, path);
        const SourceOrigin origin = {.where = path, .in_project = source_in_project(f, path)};
        char *at = text;
        int r = 0;
        for (char *line; r == 0 && text && (line = source_next_line(&at, NULL));) {
                char *value = str_starts(line, "BUNDLE_MIRROR__") ? strstr(line, ": ") : NULL;
                if (!value)
                        continue;
                *ret_found |= !origin.in_project;
                r = source_add_url(f, source_trim(value + 2), &origin);
        }
        return r;
}

/* Reads the lines "remote: URL" of the project's Gemfile.lock. */
static int read_lock(Finder *f)
{
        CLEANUP_FREE char *path = f->ctx->cwd ? source_path(f, f->ctx->cwd, "Gemfile.lock") : NULL;
        CLEANUP_FREE char *text = path ? source_read(f, path) : NULL;
        const SourceOrigin origin = {.where = path, .in_project = true};
        char *at = text;
        int r = 0;
        for (char *line; r == 0 && text && (line = source_next_line(&at, NULL));)
                if (str_starts(line, "remote: "))
                        r = source_add_url(f, source_trim(line + strlen("remote: ")), &origin);
        return r;
}

static int ask_gem(Finder *f, Error *err)
{
        CLEANUP_FREE char *program = source_program(f, "gem"), *answer = NULL;
        const SourceOrigin origin = {.where = "gem sources"};
        int status = 0;
        if (!program)
                return error_set(
                        err, ENOENT,
                        "AllowFrom=gem: no source is configured, and gem, which knows the default, is not "
                        "installed; list it in ~/.gemrc, or allow the host with Allow=");
        char *argv[] = {program, (char[]){"sources"}, (char[]){"--list"}, NULL};
        answer = source_remembered(f, program);
        int r = answer ? 0 : source_ask(argv, NULL, false, &status, &answer, NULL);
        if (r < 0 || status != 0 || !strstr(answer, "://"))
                return error_set(
                        err, r < 0 ? -r : EIO,
                        "AllowFrom=gem: '%s' does not print its source; list it in ~/.gemrc, or allow the "
                        "host with Allow=",
                        program);
        source_remember(f, program, answer);
        char *at = answer;
        for (char *line; r == 0 && (line = source_next_line(&at, NULL));)
                if (strstr(line, "://"))
                        r = source_add_url(f, line, &origin);
        return r;
}

static int read_gem(Finder *f, int (*read_one)(Finder *f, const char *path, bool *ret_found), const char *dir,
                    const char *name, bool *ret_found)
{
        CLEANUP_FREE char *path = source_path(f, dir, name);
        return path ? read_one(f, path, ret_found) : -ENOMEM;
}

int source_gem(Finder *f, Error *err)
{
        const SourcesContext *c = f->ctx;
        bool found = false;
        int r = read_gem(f, read_gemrc, NULL, "etc/gemrc", &found);
        if (r == 0 && c->home)
                r = read_gem(f, read_gemrc, c->home, ".gemrc", &found);
        if (r == 0 && c->home)
                r = read_gem(f, read_bundle, c->home, ".bundle/config", &found);
        if (r == 0 && c->cwd)
                r = read_gem(f, read_bundle, c->cwd, ".bundle/config", &found);
        if (r == 0)
                r = read_lock(f);
        return r == 0 && !found ? ask_gem(f, err) : r;
}
