/* SPDX-License-Identifier: Apache-2.0 */
/* Finds files that some program runs or trusts later, in tables of patterns. */
#include "changes/flags.h"

#include "base/path.h"

#include <fnmatch.h>

/*
 * The criterion: a file is flagged if a program that the user starts for another reason (a shell, an editor,
 * git status, a debugger, a package manager, a coding agent) takes commands, programs or trust from it
 * implicitly, or if another machine runs it automatically (CI). Settings that a build tool reads beside the
 * build count, because nobody reads them as code. A Makefile, package.json, setup.py, build.rs, a Dockerfile,
 * tests and the rest of the project's code and build are not flagged: they run on the user's request, and are
 * reviewed as code. A deletion runs nothing.
 *
 * Version control keeps its data beside its settings. There the rule is reversed: everything is flagged
 * except known data (is_git_data(), is_hg_data()).
 */

enum {
        IN_HOME = 1 << 0,    /* the pattern is below the home directory */
        ABSOLUTE = 1 << 1,   /* below "/" */
        EXECUTABLE = 1 << 2, /* only executable files, and links */
        ITSELF = 1 << 3,     /* not the entries below it */
};

static const char git_runs[] = "git runs it", git_takes[] = "git takes commands or settings from it";
static const char git_link[] = "git reads and writes through it";
static const char git_makes[] = "it makes a git repository of its directory";
static const char hg_takes[] = "Mercurial takes commands from it";
static const char vi_runs[] = "vi runs its commands", emacs[] = "Emacs evaluates it";
static const char editor[] = "the editor runs programs that it names",
                  debugger[] = "a debugger runs its commands";
static const char hooks[] = "a git hook runs programs that it names", ci[] = "CI runs it, with its secrets";
static const char agent[] = "a coding agent runs programs that it names",
                  follows[] = "a coding agent follows it",
                  enters[] = "run or read when the directory is entered";
static const char startup[] = "a shell start-up file", variables[] = "variables of every session";
static const char session[] = "run when the session starts", service[] = "a service of yours";
static const char linter[] = "a linter, also that of the editor, runs code that it names";
static const char jvm[] = "sets options of the Java virtual machine, which load code";
static const char interpreter[] = "run when the interpreter starts",
                  program[] = "a program in a directory of PATH";
static const char registry[] = "selects the source of packages",
                  toolchain[] = "selects the programs behind a tool's name";
static const char logs_in[] = "controls who may log in", crontab[] = "a crontab",
                  system_service[] = "a service of the system";

/*
 * Patterns of fnmatch(3), in lower case, in which a star also matches slashes; those that are neither IN_HOME
 * nor ABSOLUTE match the end of a path. A match includes the entries below it, and a link matches for a
 * directory on the way of a pattern.
 */
static const struct {
        const char *pattern;
        unsigned flags;
        const char *why;
} table[] = {
        {".git", ITSELF, "git takes hooks and commands from it"},
        {"git~1", 0, "git takes hooks and commands from it"}, /* VFAT's short name of .git */
        {".gitmodules", 0, "git fetches from addresses in it"},
        {".lfsconfig", 0, "git-lfs fetches from addresses in it"},
        {".gitconfig", IN_HOME, git_takes},
        {".hg", ITSELF, hg_takes},
        {".hgrc", IN_HOME, hg_takes},
        {".sl", 0, "Sapling takes commands from it"},
        {".jj/repo", 0, "jj takes commands from it"},
        {".svn", ITSELF, "svn connects to addresses in it"},
        {".bzr/branch", 0, "bzr takes commands from it"},
        {"_darcs/prefs", 0, "darcs runs programs that it names"},
        {".pijul/config", 0, "pijul runs programs that it names"},
        {".fslckout", 0, "fossil takes commands from it"},
        {"_fossil_", 0, "fossil takes commands from it"},
        {"cvs/root", 0, "cvs connects to addresses in it"},
        {".repo", 0, "repo runs it"},
        {".gclient", 0, "gclient evaluates it"},
        {".arcconfig", 0, "arc loads code that it names"},
        {".pre-commit-config.yaml", 0, hooks},
        {".husky", 0, git_runs},
        {".githooks", 0, git_runs},
        {".git-hooks", 0, git_runs},
        {"lefthook*.yml", 0, hooks},
        {"lefthook*.yaml", 0, hooks},
        {"lefthook*.toml", 0, hooks},
        {"lefthook*.json", 0, hooks},
        {".lefthook*", 0, hooks},
        {".overcommit.yml", 0, hooks},
        {".lintstagedrc*", 0, hooks},
        {".simple-git-hooks*", 0, hooks},
        {".github/workflows", 0, ci},
        {".github/actions", 0, ci},
        {".gitea/workflows", 0, ci},
        {".forgejo/workflows", 0, ci},
        {".gitlab-ci.y*", 0, ci},
        {".gitlab/ci", 0, ci},
        {".circleci", 0, ci},
        {".buildkite", 0, ci},
        {".travis.yml", 0, ci},
        {".drone.y*", 0, ci},
        {".woodpecker*", 0, ci},
        {".cirrus.*", 0, ci},
        {".appveyor.yml", 0, ci},
        {"appveyor.yml", 0, ci},
        {".builds", 0, ci},
        {".build.yml", 0, ci},
        {"azure-pipelines*.y*", 0, ci},
        {"bitbucket-pipelines.yml", 0, ci},
        {"jenkinsfile*", 0, ci},
        {".github/codeowners", 0, "controls who must approve a change"},
        {".gitlab/codeowners", 0, "controls who must approve a change"},
        {".envrc", 0, "direnv runs it"},
        {".direnv", 0, "direnv runs it"},
        {".env", 0, enters},
        {".env.leave", 0, enters},
        {".autoenv*", 0, enters},
        {"mise.toml", 0, enters},
        {"mise.*.toml", 0, enters},
        {".mise*", 0, enters},
        {"mise/config*", 0, enters},
        {".config/mise*", 0, enters},
        {".rtx*", 0, enters},
        {".tool-versions", 0, toolchain},
        {".sdkmanrc", 0, toolchain},
        {".python-version*", 0, toolchain},
        {".node-version", 0, toolchain},
        {".nvmrc", 0, toolchain},
        {".ruby-version", 0, toolchain},
        {".java-version", 0, toolchain},
        {".bazelversion", 0, toolchain},
        {".bazeliskrc", 0, toolchain},
        {"tools/bazel", 0, toolchain},
        {"gradle/wrapper", 0, toolchain},
        {"global.json", 0, toolchain},
        {".config/dotnet-tools.json", 0, toolchain},
        {"rust-toolchain*", 0, toolchain},
        {".vscode/tasks.json", 0, "the editor runs its tasks"},
        {".vscode/settings.json", 0, "the editor takes programs from it"},
        {".vscode/launch.json", 0, editor},
        {".vscode/mcp.json", 0, editor},
        {".vscode/c_cpp_properties.json", 0, editor},
        {".vscode/cmake*", 0, editor},
        {".vscode/sftp.json", 0, "the editor sends files to addresses in it"},
        {".vscode/extensions", 0, editor},
        {"*.code-workspace", ITSELF, editor},
        {".idea/*", 0, editor},
        {".run/*.run.xml", 0, editor},
        {"*.run.xml", ITSELF, editor},
        {".fleet/*", 0, editor},
        {".vs/*", 0, editor},
        {".zed/*", 0, "the editor runs its tasks"},
        {".helix/*", 0, editor},
        {".kateproject*", 0, editor},
        {".project", 0, editor},
        {".externaltoolbuilders", 0, editor},
        {".neoconf.json", 0, editor},
        {".ycm_extra_conf.py", 0, "the editor evaluates it"},
        {"*.sublime-project", ITSELF, editor},
        {".devcontainer", 0, editor},
        {".devcontainer.json", 0, editor},
        {".gitpod.y*", 0, editor},
        {".exrc", 0, vi_runs},
        {".vimrc", 0, vi_runs},
        {"_vimrc", 0, vi_runs},
        {".gvimrc", 0, vi_runs},
        {".lvimrc", 0, vi_runs},
        {".local.vimrc", 0, vi_runs},
        {".nvimrc", 0, vi_runs},
        {".nvim.lua", 0, vi_runs},
        {".lazy.lua", 0, vi_runs},
        {".vim", 0, vi_runs},
        {".dir-locals*.el", 0, emacs},
        {".projectile", 0, emacs},
        {".emacs.d", IN_HOME, emacs},
        {".doom.d", IN_HOME, emacs},
        {".claude", 0, agent},
        {".mcp.json", 0, agent},
        {".cursor", 0, agent},
        {".cursorrules", 0, agent},
        {".codex", 0, agent},
        {".gemini", 0, agent},
        {".continue", 0, agent},
        {".windsurf*", 0, agent},
        {".kiro", 0, agent},
        {".roo", 0, agent},
        {".opencode", 0, agent},
        {"opencode.json*", 0, agent},
        {".amp", 0, agent},
        {".aider*", 0, agent},
        {".clinerules", 0, follows},
        {".goosehints", 0, follows},
        {".junie", 0, agent},
        {".agents", 0, agent},
        {"agents.md", 0, follows},
        {"agents.override.md", 0, follows},
        {"claude.md", 0, follows},
        {"claude.local.md", 0, follows},
        {"gemini.md", 0, follows},
        {".github/copilot*", 0, follows},
        {".github/instructions", 0, follows},
        {".gdbinit", 0, "gdb runs its commands"},
        {".gdbearlyinit", 0, debugger},
        {"*-gdb.py", ITSELF, debugger},
        {"*-gdb.gdb", ITSELF, debugger},
        {"*-gdb.scm", ITSELF, debugger},
        {".lldbinit*", 0, debugger},
        {".pdbrc*", 0, debugger},
        {".perldb", 0, debugger},
        {".clangd", 0, editor},
        {".ccls", 0, editor},
        {".luarc.json*", 0, editor},
        {".pylintrc*", 0, "pylint evaluates it"},
        {"pylintrc*", 0, "pylint evaluates it"},
        {".luacheckrc", 0, "luacheck evaluates it"},
        {".eslintrc*", 0, linter},
        {"eslint.config.*", 0, linter},
        {".prettierrc*", 0, linter},
        {"prettier.config.*", 0, linter},
        {".stylelintrc*", 0, linter},
        {"stylelint.config.*", 0, linter},
        {".rubocop*", 0, linter},
        {".flake8", 0, linter},
        {".rprofile", 0, interpreter},
        {".renviron", 0, interpreter},
        {".rdata", 0, interpreter},
        {".irbrc", 0, interpreter},
        {"_irbrc", 0, interpreter},
        {".pryrc", 0, interpreter},
        {".ghci", 0, interpreter},
        {".iex.exs", 0, interpreter},
        {".ocamlinit", 0, interpreter},
        {".octaverc", 0, interpreter},
        {"sitecustomize.py", 0, interpreter},
        {"usercustomize.py", 0, interpreter},
        {"site-packages/*.pth", ITSELF, interpreter},
        {".npmrc", 0, "npm takes programs and registries from it"},
        {".yarnrc*", 0, "yarn runs programs that it names"},
        {".yarn/releases", 0, "yarn runs it"},
        {".yarn/plugins", 0, "yarn runs it"},
        {".pnpmfile.*", 0, "pnpm runs it"},
        {"pnpm-workspace.yaml", 0, "pnpm takes programs and registries from it"},
        {".pnp.*", 0, "yarn loads it into each program"},
        {"bunfig.toml", 0, "bun runs programs that it names"},
        {".bunfig.toml", 0, "bun runs programs that it names"},
        {".cargo/config*", 0, "cargo runs programs that it names"},
        {".cargo/env*", 0, startup},
        {".bazelrc", 0, "bazel runs programs that it names"},
        {".buckconfig*", 0, "buck runs programs that it names"},
        {".mvn", 0, "maven loads code that it names"},
        {"gradle.properties", 0, jvm},
        {".sbtopts", 0, jvm},
        {".jvmopts", 0, jvm},
        {"directory.build.*", 0, "dotnet evaluates it with every project"},
        {".bundle/config", 0, registry},
        {"nuget.config", 0, registry},
        {"pip.conf", 0, registry},
        {"uv.toml", 0, registry},
        {".condarc", 0, registry},
        {"ansible.cfg", 0, "ansible loads code that it names"},
        {".ansible.cfg", 0, "ansible loads code that it names"},
        {".bashrc", 0, startup},
        {".bashrc.d", 0, startup},
        {".bash_profile", 0, startup},
        {".bash_login", 0, startup},
        {".bash_logout", 0, startup},
        {".bash_aliases", 0, startup},
        {".profile", 0, startup},
        {".zshrc*", 0, startup},
        {".zshenv", 0, startup},
        {".zprofile", 0, startup},
        {".zlogin", 0, startup},
        {".zlogout", 0, startup},
        {".kshrc", 0, startup},
        {".cshrc", 0, startup},
        {".tcshrc", 0, startup},
        {".login", IN_HOME, startup},
        {".oh-my-zsh", IN_HOME, startup},
        {".oh-my-bash", IN_HOME, startup},
        {".nvm", IN_HOME, startup},
        {".sdkman", IN_HOME, startup},
        {".inputrc", IN_HOME, "it types into shells"},
        {".pam_environment", IN_HOME, variables},
        {".xprofile", IN_HOME, session},
        {".xsession*", IN_HOME, session},
        {".xinitrc", IN_HOME, session},
        {".tmux.conf", IN_HOME, "tmux runs its commands"},
        {".forward", IN_HOME, "mail is piped to programs that it names"},
        {".config/kurung", IN_HOME, "permissions of sandboxes"},
        {".local/state/kurung", IN_HOME, "permissions of sandboxes"},
        {".config/git", IN_HOME, git_takes},
        {".config/nvim", IN_HOME, vi_runs},
        {".config/fish", IN_HOME, startup},
        {".config/environment.d", IN_HOME, variables},
        {".config/autostart", IN_HOME, session},
        {".config/systemd", IN_HOME, service},
        {".config", IN_HOME, "settings of your programs"},
        {".local/share/systemd", IN_HOME, service},
        {".local/share/dbus-1", IN_HOME, service},
        {".local/share/applications", IN_HOME, "started from the menu"},
        {".local/share/*/scripts", IN_HOME, "started from a menu"},
        {".local/share/gnome-shell", IN_HOME, session},
        {".local/share/plasma", IN_HOME, session},
        {".local/share/bash-completion", IN_HOME, startup},
        {".local/share/nvim", IN_HOME, vi_runs},
        {".local/lib", IN_HOME, interpreter},
        {"desktop/*.desktop", IN_HOME, "started from the desktop"},
        {".ssh", IN_HOME, "controls SSH logins"},
        {"authorized_keys*", 0, logs_in},
        {".netrc", IN_HOME, "selects where passwords are sent"},
        {".gnupg", IN_HOME, "keys and trust settings"},
        {".password-store", IN_HOME, "keys and trust settings"},
        {".pki", IN_HOME, "keys and trust settings"},
        {".aws", IN_HOME, "credentials, and programs that provide them"},
        {".kube", IN_HOME, "credentials, and programs that provide them"},
        {".docker", IN_HOME, "credentials, and programs that provide them"},
        {".mozilla", IN_HOME, "settings of your programs"},
        {".thunderbird", IN_HOME, "settings of your programs"},
        {".vscode*", IN_HOME, "settings of your programs"},
        {".terminfo", IN_HOME, "controls output to your terminal"},
        {".m2", IN_HOME, registry},
        {".gradle", IN_HOME, registry},
        {".rustup", IN_HOME, toolchain},
        {".pyenv", IN_HOME, toolchain},
        {".rbenv", IN_HOME, toolchain},
        {".asdf", IN_HOME, toolchain},
        {".volta", IN_HOME, toolchain},
        {"bin/*", IN_HOME | EXECUTABLE, program},
        {".local/bin/*", IN_HOME | EXECUTABLE, program},
        {".cargo/bin/*", IN_HOME | EXECUTABLE, program},
        {"go/bin/*", IN_HOME | EXECUTABLE, program},
        {".bun/bin/*", IN_HOME | EXECUTABLE, program},
        {".deno/bin/*", IN_HOME | EXECUTABLE, program},
        {".npm-global/bin/*", IN_HOME | EXECUTABLE, program},
        {"etc/profile", ABSOLUTE, startup},
        {"etc/profile.d", ABSOLUTE, startup},
        {"etc/bash.bashrc", ABSOLUTE, startup},
        {"etc/bash_completion.d", ABSOLUTE, startup},
        {"etc/zsh*", ABSOLUTE, startup},
        {"etc/environment", ABSOLUTE, variables},
        {"etc/security", ABSOLUTE, variables},
        {"etc/gitconfig", ABSOLUTE, git_takes},
        {"etc/cron*", ABSOLUTE, crontab},
        {"etc/anacrontab", ABSOLUTE, crontab},
        {"var/spool/cron", ABSOLUTE, crontab},
        {"etc/systemd", ABSOLUTE, system_service},
        {"usr/lib/systemd/system", ABSOLUTE, system_service},
        {"lib/systemd/system", ABSOLUTE, system_service},
        {"etc/init.d", ABSOLUTE, system_service},
        {"etc/dbus-1", ABSOLUTE, system_service},
        {"etc/polkit-1", ABSOLUTE, "controls who may become root"},
        {"etc/xdg/autostart", ABSOLUTE, "run when any session starts"},
        {"etc/sudoers*", ABSOLUTE, "controls who may become root"},
        {"etc/doas.conf", ABSOLUTE, "controls who may become root"},
        {"etc/pam.d", ABSOLUTE, logs_in},
        {"etc/passwd", ABSOLUTE, logs_in},
        {"etc/group", ABSOLUTE, logs_in},
        {"etc/shadow", ABSOLUTE, logs_in},
        {"etc/ssh", ABSOLUTE, "controls SSH logins"},
        {"etc/ld.so.preload", ABSOLUTE, "loaded into every program"},
        {"etc/ld.so.conf*", ABSOLUTE, "loaded into programs"},
        {"etc/udev", ABSOLUTE, "run for devices"},
        {"etc/modprobe.d", ABSOLUTE, "run for kernel modules"},
        {"etc/apt/*", ABSOLUTE, registry},
        {"etc/kurung", ABSOLUTE, "permissions of sandboxes"},
};

const char *flags_stripped(const Change *c)
{
        uint32_t mode = c->now.mode;
        if (c->kind == CHANGE_DELETED || c->kind == CHANGE_NONE)
                return NULL;
        if (S_ISCHR(mode) || S_ISBLK(mode))
                return "a device";
        if (c->capabilities)
                return "file capabilities";
        if (S_ISREG(mode) && (mode & S_ISUID))
                return "set-user-ID";
        if (S_ISREG(mode) && (mode & S_ISGID))
                return "set-group-ID";
        return NULL;
}

/* Ends the search early: patterns begin with one of few characters. */
static bool may_match(const char *pattern, const char *subject)
{
        return pattern[0] == '*' || (pattern[0] == subject[0] && subject[0] != '\0' &&
                                     (pattern[1] == subject[1] || pattern[1] == '*'));
}

/* Whether @pattern matches @subject or its first components. */
static bool matches(const char *pattern, const char *subject, unsigned flags)
{
        return may_match(pattern, subject) &&
               fnmatch(pattern, subject, flags & ITSELF ? 0 : FNM_LEADING_DIR) == 0;
}

/* Whether @subject, a link, replaces a directory on the way of @pattern. */
static bool leads_through(const char *pattern, const char *subject)
{
        char part[64];
        if (!may_match(pattern, subject))
                return false;
        for (const char *slash = strchr(pattern, '/'); slash; slash = strchr(slash + 1, '/')) {
                size_t n = (size_t)(slash - pattern);
                if (n >= sizeof(part))
                        return true;
                memcpy(part, pattern, n);
                part[n] = '\0';
                if (fnmatch(part, subject, FNM_PATHNAME) == 0)
                        return true;
        }
        return false;
}

static const char *find(const char *subject, unsigned where, const Change *c)
{
        bool link = S_ISLNK(c->now.mode), executable = link || (S_ISREG(c->now.mode) && (c->now.mode & 0111));
        for (size_t i = 0; i < ARRAY_LEN(table); i++)
                if ((table[i].flags & (IN_HOME | ABSOLUTE)) == where &&
                    (executable || !(table[i].flags & EXECUTABLE)) &&
                    (matches(table[i].pattern, subject, table[i].flags) ||
                     (link && leads_through(table[i].pattern, subject))))
                        return table[i].why;
        return NULL;
}

/* No program runs a file deeper than this: only the last components are tried. */
#define COMPONENTS_MAX 32

/* Tries the patterns at the beginning of each of the last components. */
static const char *find_anywhere(const char *path, const Change *c)
{
        const char *p = path + strlen(path);
        for (unsigned n = 0; p > path && n < COMPONENTS_MAX;)
                if (*--p == '/') {
                        const char *why = find(p + 1, 0, c);
                        if (why)
                                return why;
                        n++;
                }
        return NULL;
}

static bool is_hex(const char *s, size_t len)
{
        return len > 0 && strspn(s, "0123456789abcdef") >= len;
}

/* Below "objects/": packs and loose objects, whose names are hashes of their content. Not "info/alternates".
 */
static bool is_git_object(const char *rest)
{
        const char *slash = strchr(rest, '/');
        size_t len = slash ? (size_t)(slash - rest) : strlen(rest);
        if (len == 2 && is_hex(rest, 2))
                return !slash || is_hex(slash + 1, strlen(slash + 1));
        if (str_eq(rest, "pack") || str_eq(rest, "info") || str_eq(rest, "info/packs"))
                return true;
        return str_starts(rest, "pack/pack-") || str_starts(rest, "pack/multi-pack-index") ||
               str_starts(rest, "info/commit-graph");
}

/*
 * Whether the entry @rest of a git directory is data: objects, refs, the index, logs and the last message.
 * Refs of "refs/replace" make git show other contents for a commit, and packed-refs may hold some. git would
 * write through a link. A new HEAD makes a repository.
 */
static bool is_git_data(const char *rest, const Change *c)
{
        static const char *const files[] = {"index", "orig_head", "fetch_head", "commit_editmsg"};
        static const char *const directories[] = {"refs", "logs", "objects"};
        bool was_file = S_ISREG(c->before.mode), is_directory = S_ISDIR(c->now.mode);
        if (!is_directory && !S_ISREG(c->now.mode))
                return false;
        for (size_t i = 0; !is_directory && i < ARRAY_LEN(files); i++)
                if (str_eq(rest, files[i]))
                        return true;
        for (size_t i = 0; is_directory && i < ARRAY_LEN(directories); i++)
                if (str_eq(rest, directories[i]))
                        return true;
        if (str_eq(rest, "head"))
                return was_file && !is_directory;
        if (str_starts(rest, "objects/"))
                return is_git_object(rest + strlen("objects/"));
        return str_starts(rest, "logs/") || (str_starts(rest, "refs/") && !str_starts(rest, "refs/replace"));
}

static bool is_hg_data(const char *rest, const Change *c)
{
        static const char *const data[] = {"store",    "cache",        "wcache",
                                           "dirstate", "branch",       "last-message.txt",
                                           "undo",     "00changelog.i"};
        if (!S_ISDIR(c->now.mode) && !S_ISREG(c->now.mode))
                return false;
        for (size_t i = 0; i < ARRAY_LEN(data); i++) {
                size_t n = strlen(data[i]);
                if (str_starts(rest, data[i]) && (rest[n] == '\0' || rest[n] == '/' || rest[n] == '.'))
                        return !str_eq(rest, "store/requires");
        }
        return false;
}

/* Returns the part after the last component @name; NULL: no such component, or nothing after it. @name: with
 * its slashes. */
static const char *behind_last(const char *path, const char *name)
{
        const char *found = NULL;
        for (const char *p = strstr(path, name); p; p = strstr(p + 1, name))
                found = p;
        return found ? found + strlen(name) : NULL;
}

/* Returns the last @n components. */
static const char *last_components(const char *path, uint32_t n)
{
        const char *p = path + strlen(path);
        while (p > path && n > 0)
                n -= *--p == '/';
        return n == 0 && *p == '/' ? p + 1 : NULL;
}

/* @path: folded. */
static const char *find_in_repository(const char *path, const Change *c)
{
        const char *rest = behind_last(path, "/.git/"), *hg = behind_last(path, "/.hg/");
        const char *found = c->below_repository ? last_components(path, c->below_repository) : NULL;
        /* The innermost one: the directory of a submodule is inside that of its superproject. */
        if (found && (!rest || found > rest))
                rest = found;
        if (rest && !is_git_data(rest, c)) {
                if (S_ISLNK(c->now.mode))
                        return git_link;
                return str_eq(rest, "hooks") || str_starts(rest, "hooks/") ? git_runs : git_takes;
        }
        if (hg && !is_hg_data(hg, c))
                return hg_takes;
        /* git requires a HEAD to take a plain directory for a repository, with the commands in its config. */
        if (!rest && !S_ISDIR(c->now.mode) && str_eq(path_name(path), "head") && str_eq(c->name, "HEAD"))
                return git_makes;
        return NULL;
}

/*
 * Normalizes a path like a file system that ignores case and trailing dots and spaces of names (VFAT, or ext4
 * with casefold): a directory on one may be shared, and treats "x/.GIT./config" as "x/.git/config".
 */
static void fold(const char *path, char *out)
{
        char *o = out;
        for (const char *p = path;; p++) {
                if (*p == '/' || *p == '\0') {
                        char *end = o;
                        while (end > out && (end[-1] == '.' || end[-1] == ' '))
                                end--;
                        if (end > out && end[-1] != '/')
                                o = end;
                }
                *o++ = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
                if (*p == '\0')
                        return;
        }
}

const char *flags_of(const Change *c, const char *path, const char *home, const char *search)
{
        const char *why = flags_stripped(c), *below_home = NULL;
        if (why || c->kind == CHANGE_DELETED || c->kind == CHANGE_NONE || c->kind == CHANGE_REFUSED)
                return why;
        /* A directory's mode is harmless unless it allows others to write. */
        bool opened = c->now.mode & ~c->before.mode & 022;
        if (c->kind == CHANGE_MODIFIED && S_ISDIR(c->now.mode) && !(c->what & CHANGE_TYPE) && !opened)
                return NULL;
        CLEANUP_FREE char *folded = calloc(1, strlen(path) + 1);
        if (!folded)
                return "not checked: out of memory";
        fold(path, folded);
        if (home && path_is_below(path, home) && !str_eq(home, "/") && path[strlen(home)] == '/')
                below_home = path + strlen(home) + 1;
        why = find_in_repository(folded, c);
        if (!why)
                why = find_anywhere(folded, c);
        if (!why)
                why = find(folded + 1, ABSOLUTE, c);
        if (!why && search && flags_is_searched(c, path, search))
                why = program;
        if (why || !below_home)
                return why;
        fold(below_home, folded);
        why = find(folded, IN_HOME, c);
        /* The table has specific reasons; any other such file has settings of some program. */
        if (!why && folded[0] == '.' && !strchr(folded, '/') && !S_ISDIR(c->now.mode))
                why = "settings of your programs";
        return why;
}
