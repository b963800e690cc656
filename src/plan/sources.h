/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AllowFrom= stands for: the hosts that a tool's own configuration names. Read as a fact of the host
 * when it is asked for, never otherwise. Nothing is run in the working directory, and nothing of a URL but
 * host and port is kept.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

/** Of one tool; a project with more is no project. */
#define SOURCES_MAX 256

typedef struct HostSource {
        char *tool;      /* "npm" */
        char *rule;      /* as net_rule_print() spells it: "registry.example:443/tcp" */
        char *where;     /* "~/.npmrc" */
        bool in_project; /* the project says it: counts only when somebody else says the host, too */
        bool vouches;    /* names the host without being used itself (git's known hosts) */
} HostSource;

typedef struct HostSources {
        HostSource *items;
        size_t n;
        StrList env; /* "NAME=VALUE": what tells the tool inside, where the user's own files are not, the same
                      */
        StrList notices; /* what could not be read, one line each */
} HostSources;

typedef struct SourcesContext {
        const char *home;  /* NULL: none */
        const char *cwd;   /* the project; NULL: it was deleted */
        const char *root;  /* in place of "/", for the system's files and programs; "" */
        const char *cache; /* where a directory may be made for a while; NULL: nowhere */
        const char *(*getenv)(const char *name); /* the user's own environment */
} SourcesContext;

/**
 * sources_probe - look up what @tools (npm, pip, cargo, apt, git) are configured to use. Where nothing is
 * configured the tool is asked for its default, in "/" and without an environment.
 *
 * @ret: sources_clear() frees it; untouched on failure.
 *
 * Returns 0, or -errno with @err: what a tool uses can't be found out.
 */
int sources_probe(const SourcesContext *ctx, const StrList *tools, HostSources *ret, Error *err);
void sources_clear(HostSources *sources);
