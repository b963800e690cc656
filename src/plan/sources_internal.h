/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of the tools' configurations share. */
#pragma once

#include "plan/sources.h"

typedef struct Finder {
        const SourcesContext *ctx;
        const char *tool;
        size_t n; /* of this tool */
        HostSources *out;
} Finder;

/** One place that names hosts. */
typedef struct Place {
        const char *where; /* path or variable */
        bool in_project;
        bool vouches;
} Place;

/**
 * source_add_url - add the host of a URL, "user@host:path", or "HOST" alone (@port of that).
 *
 * What leads to no host (file:, a path) is passed over; what can't be read makes a notice without its text,
 * which may hold a password. Returns 0 or -ENOMEM.
 */
int source_add_url(Finder *f, const char *url, const Place *place);
int source_add_host(Finder *f, const char *host, unsigned port, const Place *place);

/** source_add_env - "@name=URL" for the tool inside, of a URL that the user configured: without user,
 * password, query and fragment. The first of a name counts. 0 or -ENOMEM. */
int source_add_env(Finder *f, const char *name, const char *url);

/** source_notice - "AllowFrom=TOOL: ..." 0 or -ENOMEM. */
int source_notice(Finder *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** source_in_project - whether a path lies in the working directory, or a link leads into it. */
bool source_in_project(const Finder *f, const char *path);

/** source_read - a regular file of at most 1 MiB, without NUL; NULL when there is none (or it can't be read:
 * then with a notice). Owned. */
char *source_read(Finder *f, const char *path);

/** source_path - "@dir/@name", below the root when @dir is NULL. Owned; NULL: out of memory. */
char *source_path(const Finder *f, const char *dir, const char *name);

/** source_next_line - cuts the next line off *@text, without spaces around; NULL at the end. @ret_indented:
 * it began with a space. */
char *source_next_line(char **text, bool *ret_indented);

/** source_trim - without spaces around, and without one pair of quotes. In place. */
char *source_trim(char *text);

/** source_program - the absolute path of a tool in the system's directories. Owned, or NULL. */
char *source_program(const Finder *f, const char *name);

/**
 * source_ask - what a program answers, in "/" with no environment but PATH, HOME and @extra (NULL or one
 * "NAME=VALUE").
 *
 * @argv: argv[0] absolute. @ret_len: may be NULL. Returns 0 with *@ret owned, or -errno.
 */
int source_ask(char *const argv[], const char *const *extra, bool with_errors, int *ret_status, char **ret,
               size_t *ret_len);

/**
 * source_remembered - what @program answered before, as long as its file is the same; kept in the cache
 * directory, as asking takes a second. Owned, or NULL.
 */
char *source_remembered(const Finder *f, const char *program);

/** source_remember - keep @answer for source_remembered(). Where that can't be done it is asked again. */
void source_remember(const Finder *f, const char *program, const char *answer);

int source_npm(Finder *f, Error *err);
int source_pip(Finder *f, Error *err);
int source_cargo(Finder *f, Error *err);
int source_apt(Finder *f, Error *err);
int source_git(Finder *f, Error *err);
