/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hosts for AllowFrom=, which a tool's own configuration names. They are read as facts of the host, only
 * on request. No program runs in the working directory, and only host and port of a URL are used.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

/** Maximum number of hosts per tool; no real project has more. */
#define SOURCES_MAX 256

typedef struct HostSource {
        char *tool;      /* "npm" */
        char *rule;      /* as net_rule_print() formats it: "registry.example:443/tcp" */
        char *where;     /* "~/.npmrc" */
        bool in_project; /* named by the project: valid only if another source names the host, too */
        bool vouches;    /* names the host without using it (git's known hosts) */
} HostSource;

typedef struct HostSources {
        HostSource *items;
        size_t n;
        StrList env; /* "NAME=VALUE": variables that configure the tool inside, without the user's files */
        char *git_config; /* AllowFrom=git: a configuration with the user's identity, and no secret; NULL:
                             none */
        StrList notices;  /* unreadable sources, one line each */
} HostSources;

typedef struct SourcesContext {
        const char *home;    /* NULL: none */
        const char *cwd;     /* the working directory; NULL: it was deleted */
        const char *project; /* the repository around it; NULL: none, or the working directory itself */
        const char *git_dir; /* git's directory of the repository; NULL: none */
        const char *root;    /* stands for "/", for the system's files and programs; "" */
        const char *cache;   /* parent of temporary directories; NULL: none */
        const char *(*getenv)(const char *name); /* reads the user's own environment */
} SourcesContext;

/**
 * sources_probe - find the hosts that @tools (NetTool) are configured to use. A tool
 * without a configuration is asked for its default, in "/" and with a minimal environment.
 *
 * @ret: sources_clear() frees it; untouched on failure.
 *
 * Returns 0, or -errno with @err if the hosts of a tool cannot be found.
 */
int sources_probe(const SourcesContext *ctx, const StrList *tools, HostSources *ret, Error *err);
void sources_clear(HostSources *sources);
