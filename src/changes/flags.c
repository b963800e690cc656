/* SPDX-License-Identifier: Apache-2.0 */
#include "changes/flags.h"

#include "base/path.h"

#include <fnmatch.h>

enum {
        IN_HOME = 1 << 0,    /* the pattern is below the home directory */
        ABSOLUTE = 1 << 1,   /* below "/" */
        EXECUTABLE = 1 << 2, /* only files that may be executed, and links */
        ITSELF = 1 << 3,     /* not what is below it */
};

/* Patterns of fnmatch(3) in which a star stops at no slash; those that are neither IN_HOME nor ABSOLUTE are
 * the end of a path. A match counts for what is below it, too. */
static const struct {
        const char *pattern;
        unsigned flags;
        const char *why;
} table[] = {
        {".git/hooks", 0, "git runs it"},
        {".git/config", 0, "git takes commands from it"},
        {".git/modules/*/hooks", 0, "git runs it"},
        {".git/modules/*/config", 0, "git takes commands from it"},
        {".git/info/attributes", 0, "git takes filters from it"},
        {".git", ITSELF, "git takes hooks and commands from it"},
        {".gitmodules", 0, "git fetches from where it says"},
        {".gitconfig", IN_HOME, "git takes commands from it"},
        {".config/git", IN_HOME, "git takes commands from it"},
        {".hg/hgrc", 0, "Mercurial takes commands from it"},
        {".hgrc", IN_HOME, "Mercurial takes commands from it"},
        {".envrc", 0, "direnv runs it"},
        {".direnv", 0, "direnv runs it"},
        {".vscode/tasks.json", 0, "the editor runs its tasks"},
        {".vscode/settings.json", 0, "the editor takes programs from it"},
        {".vscode/launch.json", 0, "the editor runs what it says"},
        {".idea/workspace.xml", 0, "the editor runs what it says"},
        {".idea/runConfigurations", 0, "the editor runs what it says"},
        {".zed/tasks.json", 0, "the editor runs its tasks"},
        {".exrc", 0, "vi runs its commands"},
        {".vimrc", 0, "vi runs its commands"},
        {".nvimrc", 0, "vi runs its commands"},
        {".nvim.lua", 0, "vi runs its commands"},
        {".dir-locals.el", 0, "Emacs evaluates it"},
        {".emacs", IN_HOME, "Emacs evaluates it"},
        {".emacs.d/init.el", IN_HOME, "Emacs evaluates it"},
        {".vim", IN_HOME, "vi runs its commands"},
        {".config/nvim", IN_HOME, "vi runs its commands"},
        {".devcontainer", 0, "the editor runs what it says"},
        {".devcontainer.json", 0, "the editor runs what it says"},
        {".gdbinit", 0, "gdb runs its commands"},
        {".npmrc", 0, "npm takes programs and registries from it"},
        {".yarnrc*", 0, "yarn runs what it names"},
        {".cargo/config*", 0, "cargo runs what it names"},
        {".pre-commit-config.yaml", 0, "pre-commit runs what it names"},
        {".husky", 0, "git runs it"},
        {".tmux.conf", IN_HOME, "tmux runs its commands"},
        {".bashrc", 0, "a shell start-up file"},
        {".bash_profile", 0, "a shell start-up file"},
        {".bash_login", 0, "a shell start-up file"},
        {".bash_logout", 0, "a shell start-up file"},
        {".bash_aliases", 0, "a shell start-up file"},
        {".profile", 0, "a shell start-up file"},
        {".zshrc", 0, "a shell start-up file"},
        {".zshenv", 0, "a shell start-up file"},
        {".zprofile", 0, "a shell start-up file"},
        {".zlogin", 0, "a shell start-up file"},
        {".zlogout", 0, "a shell start-up file"},
        {".kshrc", 0, "a shell start-up file"},
        {".cshrc", 0, "a shell start-up file"},
        {".tcshrc", 0, "a shell start-up file"},
        {".login", IN_HOME, "a shell start-up file"},
        {".inputrc", IN_HOME, "it types into shells"},
        {".pam_environment", IN_HOME, "variables of every session"},
        {".xprofile", IN_HOME, "run with the session"},
        {".xsession*", IN_HOME, "run with the session"},
        {".xinitrc", IN_HOME, "run with the session"},
        {".config/fish", IN_HOME, "a shell start-up file"},
        {".config/environment.d", IN_HOME, "variables of every session"},
        {".config/autostart", IN_HOME, "run with the session"},
        {".config/autostart-scripts", IN_HOME, "run with the session"},
        {".config/plasma-workspace", IN_HOME, "run with the session"},
        {".config/systemd", IN_HOME, "a service of yours"},
        {".local/share/systemd", IN_HOME, "a service of yours"},
        {".local/share/dbus-1/services", IN_HOME, "a service of yours"},
        {".local/share/applications", IN_HOME, "started from the menu"},
        {".config/kurung", IN_HOME, "what sandboxes may do"},
        {".ssh", IN_HOME, "who may log in, and where to"},
        {"authorized_keys*", 0, "who may log in"},
        {".netrc", IN_HOME, "where passwords go to"},
        {".gnupg", IN_HOME, "keys and whom to trust"},
        {"bin/*", IN_HOME | EXECUTABLE, "a program that is found by its name"},
        {".local/bin/*", IN_HOME | EXECUTABLE, "a program that is found by its name"},
        {".cargo/bin/*", IN_HOME | EXECUTABLE, "a program that is found by its name"},
        {"etc/profile", ABSOLUTE, "a shell start-up file"},
        {"etc/profile.d", ABSOLUTE, "a shell start-up file"},
        {"etc/bash.bashrc", ABSOLUTE, "a shell start-up file"},
        {"etc/environment", ABSOLUTE, "variables of every session"},
        {"etc/cron*", ABSOLUTE, "a crontab"},
        {"etc/anacrontab", ABSOLUTE, "a crontab"},
        {"var/spool/cron", ABSOLUTE, "a crontab"},
        {"etc/systemd", ABSOLUTE, "a service of the system"},
        {"usr/lib/systemd/system", ABSOLUTE, "a service of the system"},
        {"lib/systemd/system", ABSOLUTE, "a service of the system"},
        {"etc/init.d", ABSOLUTE, "a service of the system"},
        {"etc/xdg/autostart", ABSOLUTE, "run with every session"},
        {"etc/sudoers*", ABSOLUTE, "who may become root"},
        {"etc/pam.d", ABSOLUTE, "who may log in"},
        {"etc/passwd", ABSOLUTE, "who may log in"},
        {"etc/shadow", ABSOLUTE, "who may log in"},
        {"etc/ld.so.preload", ABSOLUTE, "loaded into every program"},
        {"etc/ld.so.conf*", ABSOLUTE, "loaded into programs"},
        {"etc/udev", ABSOLUTE, "run for devices"},
        {"etc/modprobe.d", ABSOLUTE, "run for kernel modules"},
        {"etc/apt/*", ABSOLUTE, "where packages come from"},
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

/* Whether @pattern matches @subject, or the first components of it. No pattern begins with two wildcards. */
static bool matches(const char *pattern, const char *subject, unsigned flags)
{
        return pattern[0] == subject[0] && pattern[1] == subject[1] &&

               fnmatch(pattern, subject, flags & ITSELF ? 0 : FNM_LEADING_DIR) == 0;
}

/* Nobody runs what lies deeper below such a place. */
#define COMPONENTS_MAX 32

static const char *find(const char *subject, unsigned where, bool executable)
{
        for (size_t i = 0; i < ARRAY_LEN(table); i++)
                if ((table[i].flags & (IN_HOME | ABSOLUTE)) == where &&
                    (executable || !(table[i].flags & EXECUTABLE)) &&
                    matches(table[i].pattern, subject, table[i].flags))
                        return table[i].why;
        return NULL;
}

/* At the beginning of each of the last components. */
static const char *find_anywhere(const char *path)
{
        const char *p = path + strlen(path);
        for (unsigned n = 0; p > path && n < COMPONENTS_MAX;)
                if (*--p == '/') {
                        const char *why = p[1] == '.' || p[1] == 'a' ? find(p + 1, 0, false) : NULL;
                        if (why)
                                return why;
                        n++;
                }
        return NULL;
}

const char *flags_of(const Change *c, const char *path, const char *home)
{
        const char *why = flags_stripped(c);
        if (why || c->kind == CHANGE_DELETED || c->kind == CHANGE_NONE || c->kind == CHANGE_REFUSED)
                return why;
        const char *below_home = NULL;
        if (home && path_is_below(path, home) && !str_eq(home, "/") && path[strlen(home)] == '/')
                below_home = path + strlen(home) + 1;
        bool executable = S_ISLNK(c->now.mode) || (S_ISREG(c->now.mode) && (c->now.mode & 0111));
        /* A directory's mode is nobody's command. */
        if (c->kind == CHANGE_MODIFIED && S_ISDIR(c->now.mode) && !(c->what & CHANGE_TYPE))
                return NULL;
        why = find_anywhere(path);
        if (!why)
                why = find(path + 1, ABSOLUTE, executable);
        if (!why && below_home)
                why = find(below_home, IN_HOME, executable);
        return why;
}
