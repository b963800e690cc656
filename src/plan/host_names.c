/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the other names of the working directory and its project: paths with symbolic links that lead there.
 */
#include "base/path.h"
#include "plan/host.h"

#include <limits.h>
#include <sys/stat.h>

/* More names than a command line has. */
#define NAMES_MAX 32

/* Shortens both paths by the components that they have in common at the end, but @real at most to @top. */
static void cut_common(char *name, char *real, const char *top)
{
        while (!str_eq(real, top)) {
                char *a = strrchr(name, '/'), *b = strrchr(real, '/');
                if (!a || !b || a == name || b == real || !str_eq(a, b))
                        return;
                *a = *b = '\0';
        }
}

static bool has_pair(const StrList *names, const char *name)
{
        for (size_t i = 0; i < names->n; i += 2)
                if (str_eq(names->items[i], name))
                        return true;
        return false;
}

/* Adds the name of a directory at or below @top, if it is another one. */
static int add_name(Host *host, const char *top, const char *spelled, const char *real_path)
{
        struct stat st;
        if (!path_is_below(real_path, top))
                return 0;
        CLEANUP_FREE char *name = strdup(spelled);
        CLEANUP_FREE char *real = strdup(real_path);
        if (!name || !real)
                return -ENOMEM;
        cut_common(name, real, top);
        if (path_is_below(name, real) || path_is_below(real, name) || path_is_below(name, top) ||
            has_pair(&host->names, name) || host->names.n >= 2 * NAMES_MAX || lstat(real, &st) < 0 ||
            !S_ISDIR(st.st_mode))
                return 0;
        int r = strlist_add(&host->names, name);
        return r < 0 ? r : strlist_add(&host->names, real);
}

/* $HOME may be a link, or behind one. */
static int add_in_home(Host *host, const char *top)
{
        char real[PATH_MAX];
        CLEANUP_FREE char *name = NULL;
        if (!host->home || !realpath(host->home, real) || str_eq(real, host->home) ||
            !path_is_below(host->cwd, real) || strlen(real) < 2)
                return 0;
        const char *rest = host->cwd + strlen(real);
        name = rest[0] ? path_join(host->home, rest + 1) : strdup(host->home);
        return name ? add_name(host, top, name, host->cwd) : -ENOMEM;
}

int host_probe_names(Host *host, const StrList *words)
{
        const char *top = host->project ? host->project : host->cwd;
        int r = 0;
        if (!top || str_eq(top, "/"))
                return 0;
        if (host->cwd_named && !str_eq(host->cwd_named, host->cwd))
                r = add_name(host, top, host->cwd_named, host->cwd);
        if (r == 0)
                r = add_in_home(host, top);
        for (size_t i = 0; r == 0 && i < words->n && i < NAMES_MAX; i++) {
                CLEANUP_FREE char *spelled = NULL;
                char real[PATH_MAX];
                if (words->items[i][0] != '/')
                        continue;
                r = path_normalize(words->items[i], NULL, &spelled);
                if (r == 0 && realpath(words->items[i], real) && !str_eq(real, spelled))
                        r = add_name(host, top, spelled, real);
                r = r == -ENOMEM ? r : 0;
        }
        return r;
}
