/* SPDX-License-Identifier: Apache-2.0 */
/* Reads pip's indexes from pip.conf and the environment ("pip config", the manual's "Configuration"). */
#include "plan/sources_internal.h"

#include <ctype.h>

/* Adds the URLs of a value, which may contain several. @variable: configures pip inside with the first of
 * them, or NULL. */
static int add_words(Finder *f, char *value, const SourceOrigin *origin, const char *variable)
{
        char *save = NULL;
        int r = 0;
        for (char *w = strtok_r(value, " \t,", &save); r == 0 && w; w = strtok_r(NULL, " \t,", &save)) {
                r = source_add_url(f, w, origin);
                if (r == 0 && variable && !origin->in_project)
                        r = source_add_env(f, variable, w);
        }
        return r;
}

/* Compares a key such as "index-url", in which "_" may replace "-". */
static bool is_key(const char *key, const char *name)
{
        for (; *key && *name; key++, name++)
                if (tolower((unsigned char)*key) != *name && !(*key == '_' && *name == '-'))
                        return false;
        return *key == *name;
}

/* Parses a file like Python's configparser: "key = value", and indented lines that continue the value. */
static int read_conf(Finder *f, const char *path, bool *ret_index)
{
        CLEANUP_FREE char *text = source_read(f, path);
        const SourceOrigin origin = {.where = path, .in_project = source_in_project(f, path)};
        char *at = text;
        bool wanted = false, indented;
        const char *variable = NULL;
        int r = 0;
        for (char *line; r == 0 && text && (line = source_next_line(&at, &indented));) {
                if (line[0] == '#' || line[0] == ';' || line[0] == '\0')
                        continue;
                char *value = line;
                if (!indented) {
                        size_t len = strcspn(line, "=:");
                        wanted = false;
                        if (line[0] == '[' || line[len] == '\0')
                                continue;
                        line[len] = '\0';
                        value = line + len + 1;
                        const char *key = source_trim(line);
                        bool index = is_key(key, "index-url"), extra = is_key(key, "extra-index-url");
                        wanted = index || extra || is_key(key, "find-links");
                        variable = index ? "PIP_INDEX_URL" : extra ? "PIP_EXTRA_INDEX_URL" : NULL;
                        *ret_index |= index && !origin.in_project;
                }
                if (wanted)
                        r = add_words(f, source_trim(value), &origin, variable);
        }
        return r;
}

static int read_in(Finder *f, const char *dir, const char *name, bool *ret_index)
{
        CLEANUP_FREE char *path = source_path(f, dir, name);
        return path ? read_conf(f, path, ret_index) : -ENOMEM;
}

/* Reads "-i URL", "--index-url=URL"... in a requirements file. */
static int read_requirements(Finder *f)
{
        static const char *const options[] = {"-i", "--index-url", "--extra-index-url", "-f", "--find-links"};
        CLEANUP_FREE char *path = f->ctx->cwd ? source_path(f, f->ctx->cwd, "requirements.txt") : NULL;
        CLEANUP_FREE char *text = path ? source_read(f, path) : NULL;
        const SourceOrigin origin = {.where = path, .in_project = true};
        char *at = text;
        int r = 0;
        for (char *line; r == 0 && text && (line = source_next_line(&at, NULL));)
                for (size_t i = 0; r == 0 && i < ARRAY_LEN(options); i++) {
                        size_t n = strlen(options[i]);
                        if (str_starts(line, options[i]) && strchr(" \t=", line[n]) && line[n])
                                r = source_add_url(f, source_trim(line + n + 1), &origin);
                }
        return r;
}

/* pip contains a constant for its index, and another for the host of the files. */
static int ask_pip(Finder *f, Error *err)
{
        static const char question[] = "from pip._internal.models.index import PyPI\n"
                                       "print(PyPI.simple_url, 'https://' + PyPI.file_storage_domain)\n";
        CLEANUP_FREE char *program = source_program(f, "python3"), *answer = NULL;
        int status = 0, r = -ENOENT;
        if (program) {
                /* -I: Python searches no directory of the user or the project. */
                char *argv[] = {program, (char[]){"-I"}, (char[]){"-c"}, (char *)question, NULL};
                answer = source_remembered(f, program);
                r = answer ? 0 : source_ask(argv, NULL, false, &status, &answer, NULL);
        }
        if (r < 0 || status != 0 || !strstr(answer, "://"))
                return error_set(
                        err, r < 0 ? -r : EIO,
                        "AllowFrom=pip: no index is configured, and the system's pip cannot print its "
                        "default; set index-url in ~/.config/pip/pip.conf, or allow the host with Allow=");
        source_remember(f, program, answer);
        const SourceOrigin origin = {.where = "pip's default"};
        return add_words(f, source_trim(answer), &origin, NULL);
}

static int read_variables(Finder *f, bool *ret_index)
{
        static const char *const variables[] = {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"};
        int r = 0;
        for (size_t i = 0; r == 0 && f->ctx->getenv && i < ARRAY_LEN(variables); i++) {
                const SourceOrigin origin = {.where = variables[i]};
                const char *value = f->ctx->getenv(variables[i]);
                CLEANUP_FREE char *copy = str_empty(value) ? NULL : strdup(value);
                if (!copy)
                        continue;
                *ret_index |= i == 0;
                r = add_words(f, copy, &origin, i < 2 ? variables[i] : NULL);
        }
        return r;
}

int source_pip(Finder *f, Error *err)
{
        const SourcesContext *c = f->ctx;
        const char *file = c->getenv ? c->getenv("PIP_CONFIG_FILE") : NULL;
        const char *xdg = c->getenv ? c->getenv("XDG_CONFIG_HOME") : NULL;
        const char *venv = c->getenv ? c->getenv("VIRTUAL_ENV") : NULL;
        bool index = false;
        int r = read_variables(f, &index);
        if (r == 0)
                r = read_in(f, NULL, "etc/pip.conf", &index);
        if (r == 0)
                r = read_in(f, NULL, "etc/xdg/pip/pip.conf", &index);
        if (r == 0 && c->home)
                r = read_in(f, c->home, ".pip/pip.conf", &index);
        if (r == 0 && xdg && xdg[0] == '/')
                r = read_in(f, xdg, "pip/pip.conf", &index);
        else if (r == 0 && c->home)
                r = read_in(f, c->home, ".config/pip/pip.conf", &index);
        if (r == 0 && venv && venv[0] == '/')
                r = read_in(f, venv, "pip.conf", &index);
        if (r == 0 && file && file[0] == '/')
                r = read_conf(f, file, &index);
        if (r == 0)
                r = read_requirements(f);
        return r == 0 && !index ? ask_pip(f, err) : r;
}
