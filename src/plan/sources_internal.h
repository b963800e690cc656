/* SPDX-License-Identifier: Apache-2.0 */
/* Functions shared by the readers of the tools' configurations. */
#pragma once

#include "plan/sources.h"

typedef struct Finder {
        const SourcesContext *ctx;
        const char *tool;
        size_t n; /* number of hosts of this tool */
        HostSources *out;
} Finder;

/** A file or variable that names hosts. */
typedef struct SourceOrigin {
        const char *where; /* path or variable */
        bool in_project;
        bool vouches;
} SourceOrigin;

/**
 * source_add_url - add the host of a URL, or with git of "user@host:path".
 * source_add_host - add @host with @port.
 *
 * A URL without a host (file:, a path) is skipped. An invalid host causes a notice without its text, which
 * may contain a password. Return 0 or -ENOMEM.
 */
int source_add_url(Finder *f, const char *url, const SourceOrigin *origin);
int source_add_host(Finder *f, const char *host, unsigned port, const SourceOrigin *origin);

/** source_add_env - add "@name=URL" for the tool inside, from a URL that the user configured, without user,
 * password, query and fragment. Later values of a name are ignored. Returns 0 or -ENOMEM. */
int source_add_env(Finder *f, const char *name, const char *url);

/** source_notice - add the notice "AllowFrom=TOOL: ...". Returns 0 or -ENOMEM. */
int source_notice(Finder *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** source_in_project - return whether a path is in the working directory, or is a link into it. */
bool source_in_project(const Finder *f, const char *path);

/** source_read - return the content of a regular file of at most 1 MiB, without NUL; owned. NULL: it does not
 * exist, or cannot be read, which causes a notice. */
char *source_read(Finder *f, const char *path);

/** source_path - return "@dir/@name", below the root if @dir is NULL; owned. NULL: out of memory. */
char *source_path(const Finder *f, const char *dir, const char *name);

/** source_next_line - cut the next line off *@text, without surrounding spaces; NULL at the end.
 * @ret_indented: whether it began with a space. */
char *source_next_line(char **text, bool *ret_indented);

/** source_trim - remove surrounding spaces, then one pair of quotes, in origin. */
char *source_trim(char *text);

/** source_program - return the absolute path of a tool in the system's directories; owned. NULL: none. */
char *source_program(const Finder *f, const char *name);

/**
 * source_ask - collect the output of a program that runs in "/", in an environment of PATH, LC_ALL, HOME and
 * @extra (up to four "NAME=VALUE", NULL-terminated; may be NULL).
 *
 * @argv: argv[0] is absolute. @with_errors, @ret_status, @ret_len: as with process_capture(). Returns 0 with
 * *@ret owned, or -errno.
 */
int source_ask(char *const argv[], const char *const *extra, bool with_errors, int *ret_status, char **ret,
               size_t *ret_len);

/**
 * source_remembered - return an earlier answer of @program, if its file has not changed. Answers are kept in
 * the cache directory, because asking takes a second. Owned, or NULL.
 */
char *source_remembered(const Finder *f, const char *program);

/** source_remember - keep @answer for source_remembered(). If this fails, the program is asked again. */
void source_remember(const Finder *f, const char *program, const char *answer);

int source_npm(Finder *f, Error *err);
int source_pip(Finder *f, Error *err);
int source_cargo(Finder *f, Error *err);
int source_apt(Finder *f, Error *err);
int source_git(Finder *f, Error *err);
int source_go(Finder *f, Error *err);
int source_gem(Finder *f, Error *err);
int source_maven(Finder *f, Error *err);
int source_composer(Finder *f, Error *err);
int source_proxy(Finder *f, Error *err);
