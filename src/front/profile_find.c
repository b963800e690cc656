/* SPDX-License-Identifier: Apache-2.0 */
/* Searches the directories of profiles, and reads the files that it finds. */
#include "front/profile_find.h"

#include "base/io.h"
#include "base/nearest.h"
#include "base/path.h"
#include "front/builtin.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define SUFFIX ".ini"

bool profile_name_is_valid(const char *name)
{
        size_t n = strlen(name);
        if (n == 0 || n > 64 || !isalnum((unsigned char)name[0]))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
                        return false;
        return true;
}

int profile_directories(const ProfileContext *ctx, StrList *ret)
{
        const char *config = ctx->getenv ? ctx->getenv("XDG_CONFIG_HOME") : NULL;
        int r = 0;
        if (config && config[0] == '/')
                r = strlist_add_printf(ret, "%s/kurung/profiles", config);
        else if (ctx->home)
                r = strlist_add_printf(ret, "%s/.config/kurung/profiles", ctx->home);
        return r < 0 ? r : strlist_add(ret, "/etc/kurung/profiles");
}

/* The user and root; in a user namespace without root, root is the owner of "/" there (the overflow id). */
static bool is_trusted_owner(uid_t uid)
{
        struct stat root;
        return uid == 0 || uid == geteuid() || (stat("/", &root) == 0 && uid == root.st_uid);
}

/* Reads a whole regular file. @fd: O_PATH. */
static int read_file(int fd, const char *name, char **ret, size_t *ret_len, Error *err)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "cannot read profile '%s'", name);
        if (!S_ISREG(st.st_mode))
                return error_set(err, EINVAL, "%s: not a regular file", name);
        if (!is_trusted_owner(st.st_uid))
                return error_set(err, EPERM, "%s: belongs to another user", name);
        if (st.st_size > PROFILE_SIZE_MAX)
                return error_set(err, EFBIG, "%s: larger than %d bytes", name, PROFILE_SIZE_MAX);
        CLEANUP_FD int readable = io_reopen(fd, O_RDONLY | O_NONBLOCK);
        if (readable < 0)
                return error_set_errno(err, readable, "cannot read profile '%s'", name);
        int r = io_read_to_end(readable, PROFILE_SIZE_MAX, -1, ret, ret_len);
        return r < 0 ? error_set_errno(err, r, "cannot read profile '%s'", name) : 0;
}

const Project *profile_search_project(ProfileSearch *s)
{
        if (s->ctx->found)
                return s->ctx->found;
        if (!s->has_project)
                project_find(s->ctx->project, s->ctx->home, &s->project);
        s->has_project = true;
        return &s->project;
}

void profile_search_clear(ProfileSearch *s)
{
        strlist_clear(&s->dirs);
        s->has_dirs = false;
}

void profile_text_clear(ProfileText *text)
{
        free(text->path);
        free(text->text);
        *text = (ProfileText){0};
}

/* Whether a file is in a directory that contains the working directory, but not the home: without a
 * repository nothing else shows that they belong together, as in an unpacked archive. */
static bool is_around(const ProfileSearch *s, const char *path)
{
        CLEANUP_FREE char *dir = path_parent(path);
        CLEANUP_FREE char *home = s->ctx->home ? realpath(s->ctx->home, NULL) : NULL;
        return dir && s->ctx->project && path_is_below(s->ctx->project, dir) &&
               !(home && path_is_below(home, dir)) && strlen(dir) > 1;
}

int profile_read_own(ProfileSearch *s, const char *path, ProfileText *ret, Error *err)
{
        ProjectFile file;
        int r = project_open(profile_search_project(s), path, &file);
        if (r == -ENOENT || r == -ENOTDIR)
                return -ENOENT;
        if (r < 0)
                return error_set_errno(err, r, "cannot read profile '%s'", path);
        CLEANUP_FD int fd = file.fd;
        ret->path = file.path;
        ret->in_project = file.in_project || is_around(s, file.path);
        return read_file(fd, path, &ret->text, &ret->len, err);
}

/* Reads a file in a directory that only root or the user writes. -ENOENT does not set the error. */
static int read_system(const char *path, ProfileText *ret, Error *err)
{
        CLEANUP_FD int fd = open(path, O_PATH | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR
                               ? -ENOENT
                               : error_set_errno(err, errno, "cannot read profile '%s'", path);
        if (!(ret->path = strdup(path)))
                return error_no_memory(err);
        return read_file(fd, path, &ret->text, &ret->len, err);
}

/* -ENOENT does not set the error. */
static int read_builtin(const char *name, ProfileText *ret, Error *err)
{
        const BuiltinProfile *p = builtin_profiles;
        while (p < builtin_profiles + builtin_profiles_n && !str_eq(p->name, name))
                p++;
        if (p == builtin_profiles + builtin_profiles_n)
                return -ENOENT;
        if (asprintf(&ret->path, "%s (built in)", name) < 0)
                ret->path = NULL;
        if (!ret->path || !(ret->text = strdup(p->text)))
                return error_no_memory(err);
        ret->len = strlen(ret->text);
        ret->installed = true;
        return 0;
}

/* The user's directory is not the user's choice if this process may not search it, as "su" and job schedulers
 * leave it in the environment. A profile that was named may be in it. */
static bool is_closed(const ProfileSearch *s, const char *dir)
{
        if (!s->ctx->by_default)
                return false;
        return faccessat(AT_FDCWD, dir, X_OK, AT_EACCESS) < 0 && errno == EACCES;
}

static int note_closed(const ProfileSearch *s, const char *dir)
{
        bool by_variable = s->ctx->getenv && s->ctx->getenv("XDG_CONFIG_HOME");
        if (!s->ctx->notices)
                return 0;
        return strlist_add_printf(s->ctx->notices, "your profiles are not read: '%s' is not accessible (%s)",
                                  dir,
                                  by_variable ? "unset XDG_CONFIG_HOME, or set it to a directory of yours"
                                              : "set HOME to a directory of yours");
}

static int find_dirs(ProfileSearch *s, Error *err)
{
        CLEANUP_STRLIST StrList all = {0};
        if (s->has_dirs)
                return 0;
        int r = profile_directories(s->ctx, &all);
        for (size_t i = 0; r == 0 && i < all.n; i++) {
                bool closed = i + 1 < all.n && is_closed(s, all.items[i]);
                r = closed ? note_closed(s, all.items[i]) : strlist_add(&s->dirs, all.items[i]);
        }
        s->has_dirs = r == 0;
        return r < 0 ? error_no_memory(err) : 0;
}

/* Reads a file in directory @place. The last directory is the system's, where most names do not exist.
 * -ENOENT does not set the error. */
static int read_at_place(ProfileSearch *s, size_t place, const char *path, ProfileText *ret, Error *err)
{
        bool own = place + 1 < s->dirs.n && access(path, F_OK) == 0;
        int r = own ? profile_read_own(s, path, ret, err) : read_system(path, ret, err);
        /* A home directory is not a project; the user trusts its files. */
        ret->in_project = ret->in_project && !profile_search_project(s)->holds_home;
        return r;
}

/* A file is named by a path, so that no project can put one in place of a profile. */
static int no_profile(const char *name, Error *err)
{
        static const char *const endings[] = {"", SUFFIX};
        for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
                char file[64 + sizeof(SUFFIX) + 2];
                struct stat st;
                (void)snprintf(file, sizeof(file), "./%s%s", name, endings[i]);
                if (stat(file, &st) == 0 && S_ISREG(st.st_mode))
                        return error_set(err, ENOENT, "no profile named '%s'; to use the file, write -p %s",
                                         name, file);
        }
        Nearest n = NEAREST(name);
        for (size_t i = 0; i < builtin_profiles_n; i++)
                (void)nearest_offer(&n, builtin_profiles[i].name);
        if (nearest_is_close(&n))
                return error_set(err, ENOENT, "no profile named '%s'; did you mean '%s'?", name, n.best);
        return error_set(err, ENOENT, "no profile named '%s'; \"kurung profile list\" lists all profiles",
                         name);
}

static int find_named(ProfileSearch *s, const char *name, size_t from, size_t *ret_place, ProfileText *ret,
                      Error *err)
{
        int r = find_dirs(s, err);
        if (r < 0)
                return r;
        for (*ret_place = from; *ret_place < s->dirs.n; ++*ret_place) {
                CLEANUP_FREE char *path = NULL;
                if (asprintf(&path, "%s/%s" SUFFIX, s->dirs.items[*ret_place], name) < 0)
                        return error_no_memory(err);
                r = read_at_place(s, *ret_place, path, ret, err);
                if (r != -ENOENT || err->errnum != 0)
                        return r;
        }
        r = *ret_place == s->dirs.n ? read_builtin(name, ret, err) : -ENOENT;
        if (r != -ENOENT || from > 0)
                return r;
        return no_profile(name, err);
}

int profile_find(ProfileSearch *s, const char *name, size_t from, size_t *ret_place, ProfileText *ret,
                 Error *err)
{
        *ret_place = 0;
        /* "-p 8080:80" forwards a port elsewhere. */
        if (strchr(name, ':') && name[strspn(name, "0123456789.:")] == '\0')
                return error_set(err, EINVAL,
                                 "'%.80s' is not a profile: -p means --profile; to forward a port, use "
                                 "--publish=%.80s",
                                 name, name);
        if (!strchr(name, '/') && !profile_name_is_valid(name))
                return error_set(err, EINVAL,
                                 "'%.80s' is not a valid profile name: use at most 64 letters, digits, '.', "
                                 "'_' and '-'",
                                 name);
        if (!strchr(name, '/'))
                return find_named(s, name, from, ret_place, ret, err);
        int r = profile_read_own(s, name, ret, err);
        return r == -ENOENT ? error_set_errno(err, ENOENT, "cannot read profile '%s'", name) : r;
}

int profile_read(const char *name, const ProfileContext *ctx, ProfileText *ret, Error *err)
{
        CLEANUP(profile_search_clear) ProfileSearch s = PROFILE_SEARCH(ctx);
        CLEANUP(profile_text_clear) ProfileText text = {0};
        size_t place;
        int r = profile_find(&s, name, 0, &place, &text, err);
        if (r < 0)
                return r;
        *ret = text;
        text = (ProfileText){0};
        return 0;
}

static const char *file_of(const char *path)
{
        return strrchr(path, '/') + 1;
}

static int compare_files(const void *a, const void *b)
{
        return strcmp(file_of(*(char *const *)a), file_of(*(char *const *)b));
}

/* Adds the files of one directory, except for those that an earlier one has. */
static int add_drop_ins(const char *dir, StrList *ret, Error *err)
{
        size_t before = ret->n;
        DIR *d = opendir(dir);
        if (!d)
                return errno == ENOENT || errno == ENOTDIR
                               ? 0
                               : error_set_errno(err, errno, "cannot read the drop-ins in '%s'", dir);
        int r = 0;
        for (struct dirent *e; r == 0 && (e = readdir(d));) {
                size_t n = strlen(e->d_name), len = strlen(SUFFIX);
                bool known = e->d_name[0] == '.' || n <= len || !str_eq(e->d_name + n - len, SUFFIX);
                for (size_t i = 0; i < before && !known; i++)
                        known = str_eq(file_of(ret->items[i]), e->d_name);
                if (!known && strlist_add_printf(ret, "%s/%s", dir, e->d_name) < 0)
                        r = error_no_memory(err);
        }
        (void)closedir(d);
        return r;
}

int profile_find_drop_ins(ProfileSearch *s, const char *name, StrList *ret, Error *err)
{
        int r = find_dirs(s, err);
        for (size_t i = 0; r == 0 && i < s->dirs.n; i++) {
                CLEANUP_FREE char *dir = NULL;
                if (asprintf(&dir, "%s/%s" SUFFIX ".d", s->dirs.items[i], name) < 0)
                        return error_no_memory(err);
                r = add_drop_ins(dir, ret, err);
        }
        if (r == 0 && ret->n > 1)
                qsort(ret->items, ret->n, sizeof(*ret->items), compare_files);
        return r;
}
