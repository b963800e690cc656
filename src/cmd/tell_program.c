/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the program that the caller's $PATH finds with the one inside. */
#include "cmd/tell_program.h"

#include "base/log.h"
#include "base/path.h"
#include "base/program.h"

#include <unistd.h>

static const char *path_inside(const Plan *plan)
{
        for (size_t i = 0; i < plan->payload.env.n; i++)
                if (str_starts(plan->payload.env.items[i], "PATH="))
                        return plan->payload.env.items[i] + strlen("PATH=");
        return "";
}

/* Returns the directory to show: that of a whole installation, such as DIR of DIR/bin/node, but not the home
 * or
 * ~/.local; owned. */
static char *directory_of(const char *file)
{
        CLEANUP_FREE char *bin = path_parent(file), *above = bin ? path_parent(bin) : NULL;
        CLEANUP_FREE char *beside = above ? path_join(above, "lib") : NULL;
        const char *home = getenv("HOME");
        bool whole = beside && str_eq(path_name(bin), "bin") && access(beside, F_OK) == 0 &&
                     !str_eq(path_name(above), ".local") && !(home && str_eq(above, home)) &&
                     strlen(above) > 1;
        return whole ? TAKE_PTR(above) : TAKE_PTR(bin);
}

/* A path that is there outside. */
static void tell_path(const Plan *plan, const char *name)
{
        CLEANUP_FREE char *here = getcwd(NULL, 0), *path = NULL;
        if (access(name, X_OK) < 0 || path_normalize(name, here, &path) < 0 || plan_shows(plan, path))
                return;
        CLEANUP_FREE char *dir = directory_of(path);
        if (dir)
                log_notice("'%s' is not visible inside (show it with --read-only=%s)", name, dir);
}

/* What a shell would take apart, in place of a program. */
static bool tell_shell_word(const Plan *plan, const char *name, const char *search)
{
        CLEANUP_FREE char *outside = search && !strchr(name, '/') ? program_find(search, name) : NULL;
        if (outside || access(name, F_OK) == 0)
                return false;
        size_t variable = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
        bool line = plan->payload.argv.n == 1 && strchr(name, ' ');
        bool assignment = variable > 0 && name[variable] == '=';
        if (assignment)
                log_notice("'%.60s' is not a program; to set a variable, use --env=%.60s", name, name);
        else if (line)
                log_notice("'%.60s' is not a program; for a line of a shell, use -- sh -c '...'", name);
        return assignment || line;
}

void tell_program(const Plan *plan)
{
        const char *name = plan->payload.argv.n > 0 ? plan->payload.argv.items[0] : "";
        const char *path = getenv("PATH");
        if (name[0] == '\0' || plan->root.foreign || tell_shell_word(plan, name, path))
                return;
        if (strchr(name, '/')) {
                tell_path(plan, name);
                return;
        }
        if (!path)
                return;
        CLEANUP_FREE char *outside = program_find(path, name),
                          *inside = program_find(path_inside(plan), name);
        if (!outside || (inside && str_eq(outside, inside)))
                return;
        CLEANUP_FREE char *dir = directory_of(outside);
        if (!dir)
                return;
        if (inside)
                log_notice("'%s' inside is %s; '%s' is not visible (show it with --read-only=%s)", name,
                           inside, outside, dir);
        else
                log_notice("'%s' is not visible inside (show it with --read-only=%s)", outside, dir);
}

void tell_git(const Plan *plan, const char *project, int code)
{
        const char *name = plan->payload.argv.n > 0 ? path_name(plan->payload.argv.items[0]) : "";
        /* git exits with 128 or 255 if it cannot go on. */
        if (project && str_eq(name, "git") && code >= 128)
                log_notice("the repository '%s' is read-only (--project=overlay catches writes to it, and "
                           "\"kurung git\" "
                           "does so)",
                           project);
}
