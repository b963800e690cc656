/* SPDX-License-Identifier: Apache-2.0 */
/* Lists the directories of version managers, and shares those that the caller uses. */
#include "plan/tools.h"

#include "base/path.h"

#include <limits.h>
#include <stdio.h>

#define PARTS_MAX 8

/*
 * A directory of programs. The parts leave out what holds secrets: credentials.toml of cargo, the credentials
 * of uv, the settings of mise and conda in the home.
 */
typedef struct Tool {
        const char *variable;         /* names the directory; NULL: none */
        const char *base;             /* otherwise it; "~/...": in the home; NULL: only the variable */
        const char *used;             /* it is shown if $PATH leads into this directory; NULL: into base */
        const char *parts[PARTS_MAX]; /* what is shown of it; "": all */
} Tool;

static const Tool tools[] = {
        {"NVM_DIR", "~/.nvm", NULL, {"versions", "alias"}},
        {"FNM_DIR", "~/.local/share/fnm", NULL, {"node-versions", "aliases"}},
        {"VOLTA_HOME", "~/.volta", NULL, {"bin", "tools"}},
        {"N_PREFIX", "~/n", NULL, {"bin", "lib", "n"}},
        {"PYENV_ROOT", "~/.pyenv", NULL, {"bin", "libexec", "shims", "versions", "version", "pyenv.d"}},
        {"RBENV_ROOT", "~/.rbenv", NULL, {"bin", "libexec", "shims", "versions", "version"}},
        {"CARGO_HOME", "~/.cargo", NULL, {"bin"}},
        {"RUSTUP_HOME", "~/.rustup", "~/.cargo", {"toolchains", "settings.toml"}},
        {"SDKMAN_DIR", "~/.sdkman", NULL, {"candidates"}},
        {"ASDF_DATA_DIR",
         "~/.asdf",
         NULL,
         {"bin", "libexec", "lib", "shims", "installs", "plugins", "asdf.sh"}},
        {"MISE_DATA_DIR", "~/.local/share/mise", NULL, {"shims", "installs"}},
        {"DENO_INSTALL", "~/.deno", NULL, {"bin"}},
        {"BUN_INSTALL", "~/.bun", NULL, {"bin"}},
        {"PNPM_HOME", "~/.local/share/pnpm", NULL, {"pnpm", "pnpx", "nodejs", "global"}},
        {"GOROOT", "~/sdk", NULL, {""}},
        {"GOBIN", "~/go/bin", NULL, {""}},
        {"CONDA_PREFIX", NULL, NULL, {""}},
        {"VIRTUAL_ENV", NULL, NULL, {""}},
        {NULL, "~/miniconda3", NULL, {""}},
        {NULL, "~/miniforge3", NULL, {""}},
        {NULL, "~/anaconda3", NULL, {""}},
        {NULL, "~/.local/share/uv", "~/.local/bin", {"python", "tools"}},
        {NULL, "~/.local/share/pipx", "~/.local/bin", {"venvs"}},
        {NULL, "~/.local/bin", NULL, {""}},
        {NULL, "~/bin", NULL, {""}},
        {NULL, "/home/linuxbrew/.linuxbrew", NULL, {""}},
};

/* Makes an absolute, normalized path of one in the table; NULL: there is none. */
static char *expand(const char *path, const char *home)
{
        CLEANUP_FREE char *spelled = NULL;
        char *normal = NULL;
        if (!path || (path[0] == '~' && !home) ||
            asprintf(&spelled, "%s%s", path[0] == '~' ? home : "", path[0] == '~' ? path + 1 : path) < 0) {
                spelled = NULL;
                return NULL;
        }
        return spelled[0] == '/' && path_normalize(spelled, NULL, &normal) == 0 ? normal : NULL;
}

/* Whether a directory of $PATH is @dir or below it. */
static bool leads_into(const char *path, const char *dir)
{
        for (;;) {
                CLEANUP_FREE char *entry = NULL;
                if (path_list_next(&path, &entry) <= 0)
                        return false;
                if (path_is_below(entry, dir))
                        return true;
        }
}

/* Whether @path lies in @dir, which is shown as a whole. A directory that holds the home is not. */
static bool is_in(const char *path, const char *dir, const char *home)
{
        return dir && path_is_below(path, dir) && !(home && path_is_below(home, dir));
}

/*
 * A virtual environment of the project is a part of it, and pip writes there: writes go to the overlay, as
 * elsewhere in the project. Where the project itself is written to, or hidden, the share protects the
 * programs that the caller's $PATH leads to, or shows them.
 */
static bool is_in_project(const Spec *spec, const Host *host, const char *path)
{
        if (is_in(path, host->cwd, host->home))
                return spec->work_dir == WORK_DIR_OVERLAY || spec->work_dir == WORK_DIR_RO;
        return is_in(path, host->project, host->home) &&
               (spec->project == PROJECT_OVERLAY || spec->project == PROJECT_RO);
}

/* What the user named counts: a share of the path or of one that holds it, and a hide. */
static bool is_named(const Spec *spec, const char *path)
{
        for (size_t i = 0; i < spec->n_ops; i++)
                if (path_is_below(path, spec->ops[i].dest))
                        return true;
        return false;
}

/* Returns whether no link leads to @path, except for those to the home itself. */
static bool is_plain(const char *path, const char *home)
{
        CLEANUP_FREE char *real = realpath(path, NULL);
        CLEANUP_FREE char *real_home = home && path_is_below(path, home) ? realpath(home, NULL) : NULL;
        if (!real || !real_home)
                return real && str_eq(real, path);
        size_t n = strlen(real_home);
        return str_starts(real, real_home) && str_eq(real + n, path + strlen(home));
}

static int share(Spec *spec, const Host *host, const char *base, const char *part)
{
        CLEANUP_FREE char *path = part[0] ? path_join(base, part) : strdup(base);
        if (!path)
                return -ENOMEM;
        if (!is_plain(path, host->home) || is_named(spec, path) || is_in_project(spec, host, path))
                return 0;
        char origin[] = "Tools=yes";
        return spec_add_op(spec, &(SpecOp){.kind = OP_BIND,
                                           .dest = path,
                                           .source_kind = FS_SOURCE_PATH,
                                           .source = path,
                                           .source_fd = FD_NONE,
                                           .flags = OP_RDONLY | OP_RECURSIVE,
                                           .origin = origin});
}

static int add_tool(Spec *spec, const Tool *t, const char *path, const Host *host, const char *variable)
{
        const char *home = host->home;
        CLEANUP_FREE char *base = expand(!str_empty(variable) ? variable : t->base, home);
        CLEANUP_FREE char *used = t->used ? expand(t->used, home) : NULL;
        /* A variable does not turn the home or the system into a tool. */
        if (!base || strlen(base) < 2 || (home && path_is_below(home, base)) || !strchr(base + 1, '/'))
                return 0;
        if (!leads_into(path, base) && !(used && leads_into(path, used)))
                return 0;
        int r = 0;
        for (size_t i = 0; r == 0 && i < PARTS_MAX && t->parts[i]; i++)
                r = share(spec, host, base, t->parts[i]);
        return r;
}

int tools_add(Spec *spec, const Host *host, const char *(*get_variable)(const char *name), Error *err)
{
        const char *path = get_variable("PATH");
        int r = 0;
        for (size_t i = 0; r == 0 && path && i < ARRAY_LEN(tools); i++)
                r = add_tool(spec, &tools[i], path, host,
                             tools[i].variable ? get_variable(tools[i].variable) : NULL);
        return r < 0 ? error_no_memory(err) : 0;
}
