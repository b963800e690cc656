/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the facts of the user: the account, the home, and the directories of kurung. */
#include "plan/host.h"

#include "base/io.h"
#include "base/path.h"
#include "plan/host_internal.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>

#define PASSWD_MAX (1024 * 1024)

/** The user's entry of passwd(5); NULL: none. */
typedef struct Account {
        char *name;
        char *home;
        char *shell;
} Account;

static bool is_directory(const char *path)
{
        struct stat st;
        return path && path[0] == '/' && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Takes @line of passwd(5) if it is the user's. */
static int take_passwd_line(char *line, uid_t uid, Account *ret)
{
        char *fields[7], *end;
        for (size_t i = 0; i < ARRAY_LEN(fields); i++)
                if (!(fields[i] = strsep(&line, ":")))
                        return -ENOENT;
        unsigned long id = strtoul(fields[2], &end, 10);
        /* "+" and "-" are for other sources (nsswitch.conf(5), compat). */
        if (strchr("+-#", fields[0][0]) || end == fields[2] || *end || id != uid)
                return -ENOENT;
        ret->name = strdup(fields[0]);
        ret->home = strdup(fields[5]);
        ret->shell = strdup(fields[6]);
        return ret->name && ret->home && ret->shell ? 0 : -ENOMEM;
}

/* Finds the account of @uid. Only if /etc/passwd has none, asks the other sources of nsswitch.conf(5), whose
 * libraries and daemons take time. Returns 0, also if there is none; -ENOMEM. */
static int find_account(uid_t uid, Account *ret)
{
        CLEANUP_FREE char *text = NULL;
        char *rest = io_read_file_at(AT_FDCWD, "/etc/passwd", PASSWD_MAX, &text, NULL) < 0 ? NULL : text;
        for (char *line; (line = strsep(&rest, "\n"));) {
                int r = take_passwd_line(line, uid, ret);
                if (r != -ENOENT)
                        return r;
        }
        const struct passwd *pw = getpwuid(uid);
        if (!pw)
                return 0;
        ret->name = strdup(pw->pw_name);
        ret->home = strdup(pw->pw_dir);
        ret->shell = strdup(pw->pw_shell ? pw->pw_shell : "");
        return ret->name && ret->home && ret->shell ? 0 : -ENOMEM;
}

static void account_clear(Account *a)
{
        free(a->name);
        free(a->home);
        free(a->shell);
}

/* @account: NULL: look it up if it is needed. */
static int find_home(const Account *account, char **ret)
{
        CLEANUP(account_clear) Account found = {0};
        const char *home = getenv("HOME");
        *ret = NULL;
        if (!is_directory(home)) {
                if (!account && find_account(getuid(), &found) < 0)
                        return -ENOMEM;
                home = account ? account->home : found.home;
        }
        return is_directory(home) && path_normalize(home, NULL, ret) == -ENOMEM ? -ENOMEM : 0;
}

int host_home(char **ret)
{
        return find_home(NULL, ret);
}

static int probe_account(Host *h, char **ret_passwd_home)
{
        CLEANUP(account_clear) Account account = {0};
        h->uid = getuid();
        h->gid = getgid();
        int n = getgroups(0, NULL);
        h->groups_n = n > 0 ? (unsigned)n : 0;
        h->is_root = h->uid == 0 || geteuid() == 0;
        if (find_account(h->uid, &account) < 0 || find_home(&account, &h->home) < 0)
                return -ENOMEM;
        char hostname[HOST_NAME_MAX + 1] = "";
        if (gethostname(hostname, sizeof(hostname) - 1) == 0 && hostname[0] &&
            !(h->hostname = strdup(hostname)))
                return -ENOMEM;
        h->shell = strdup(account.shell && account.shell[0] == '/' ? account.shell : "/bin/sh");
        h->user = TAKE_PTR(account.name);
        *ret_passwd_home = TAKE_PTR(account.home);
        return h->shell ? 0 : -ENOMEM;
}

/* Returns whether the user may write to @path, or to its nearest existing parent. */
static bool can_be_made(const char *path)
{
        CLEANUP_FREE char *p = strdup(path);
        while (p && access(p, F_OK) < 0 && errno == ENOENT && !str_eq(p, "/")) {
                char *parent = path_parent(p);
                free(p);
                p = parent;
        }
        return is_directory(p) && access(p, W_OK | X_OK) == 0;
}

/* Chooses the cache directory, otherwise the runtime directory; never a directory that other users share,
 * such as /tmp. */
static int probe_cache_home(Host *h)
{
        const char *xdg = getenv("XDG_CACHE_HOME"), *runtime = getenv("XDG_RUNTIME_DIR");
        char *candidates[3] = {NULL, NULL, NULL};
        struct stat st;
        int r = 0;
        /* An explicit XDG_CACHE_HOME is not replaced by ~/.cache. */
        if (xdg && xdg[0] == '/')
                r = asprintf(&candidates[0], "%s/kurung", xdg);
        else if (h->home)
                r = asprintf(&candidates[1], "%s/.cache/kurung", h->home);
        if (r >= 0 && runtime && runtime[0] == '/' && stat(runtime, &st) == 0 && S_ISDIR(st.st_mode) &&
            st.st_uid == h->uid)
                r = asprintf(&candidates[2], "%s/kurung", runtime);
        for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
                if (!h->cache_home && candidates[i] && can_be_made(candidates[i]))
                        r = path_normalize(candidates[i], NULL, &h->cache_home) == -ENOMEM ? -1 : 0;
                free(candidates[i]);
        }
        return r < 0 ? -ENOMEM : 0;
}

char *host_live_home(const char *state_home)
{
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        CLEANUP_FREE char *path = NULL;
        char *clean = NULL;
        struct stat st;
        bool usable = runtime && runtime[0] == '/' && stat(runtime, &st) == 0 && S_ISDIR(st.st_mode) &&
                      st.st_uid == geteuid();
        int n = usable       ? asprintf(&path, "%s/kurung", runtime)
                : state_home ? asprintf(&path, "%s/" LIVE_DIR, state_home)
                             : -1;
        if (n < 0) {
                path = NULL;
                return NULL;
        }
        return path_normalize(path, NULL, &clean) == 0 ? clean : NULL;
}

/* Returns the directory of kurung in @variable, otherwise in @below of the home. */
static char *xdg_home(const char *variable, const char *home, const char *below)
{
        const char *xdg = getenv(variable);
        CLEANUP_FREE char *path = NULL;
        char *clean = NULL;
        int n = xdg && xdg[0] == '/' ? asprintf(&path, "%s/kurung", xdg)
                : home               ? asprintf(&path, "%s/%s/kurung", home, below)
                                     : -1;
        if (n < 0) {
                path = NULL;
                return NULL;
        }
        return path_normalize(path, NULL, &clean) == 0 ? clean : NULL;
}

char *host_state_home(const char *home)
{
        return xdg_home("XDG_STATE_HOME", home, ".local/state");
}

char *host_data_home(const char *home)
{
        return xdg_home("XDG_DATA_HOME", home, ".local/share");
}

static int probe_config_home(Host *h)
{
        const char *xdg = getenv("XDG_CONFIG_HOME");
        CLEANUP_FREE char *path = NULL;
        int n = xdg && xdg[0] == '/' ? asprintf(&path, "%s/kurung", xdg)
                : h->home            ? asprintf(&path, "%s/.config/kurung", h->home)
                                     : 0;
        if (n < 0) {
                path = NULL;
                return -ENOMEM;
        }
        return path && path_normalize(path, NULL, &h->config_home) == -ENOMEM ? -ENOMEM : 0;
}

/* Resolves the links in the existing part of a path. The result is owned; NULL: no memory, or the path cannot
 * be resolved. */
static char *real_path(const char *path)
{
        char *real = realpath(path, NULL), *joined;
        if (real || errno != ENOENT || str_eq(path, "/"))
                return real;
        CLEANUP_FREE char *parent = path_parent(path);
        CLEANUP_FREE char *above = parent ? real_path(parent) : NULL;
        joined = above ? path_join(above, path_name(path)) : NULL;
        return joined;
}

static int probe_own(Host *h)
{
        const char *const own[] = {h->cache_home, h->config_home, h->state_home, h->live_home, h->data_home};
        int r = 0;
        for (size_t i = 0; r == 0 && i < ARRAY_LEN(own); i++) {
                CLEANUP_FREE char *real = own[i] ? real_path(own[i]) : NULL;
                if (!real || str_eq(real, own[i]))
                        continue;
                r = strlist_add(&h->own_real, own[i]);
                if (r == 0)
                        r = strlist_add(&h->own_real, real);
        }
        return r;
}

int host_probe_user(Host *ret, Error *err)
{
        CLEANUP(host_clear) Host h = {0};
        CLEANUP_FREE char *passwd_home = NULL;
        int r = probe_account(&h, &passwd_home);
        if (r == 0)
                r = host_probe_cwd(&h);
        if (r == 0)
                r = probe_cache_home(&h);
        if (r == 0) {
                h.state_home = host_state_home(h.home);
                h.live_home = host_live_home(h.state_home);
                h.data_home = host_data_home(h.home);
                r = probe_config_home(&h);
        }
        if (r == 0)
                r = probe_own(&h);
        if (r == 0)
                r = host_probe_private(&h, passwd_home);
        if (r < 0)
                return error_set_errno(err, r, "cannot inspect this machine");
        *ret = h;
        h = (Host){0};
        return 0;
}
