/* SPDX-License-Identifier: Apache-2.0 */
#include "front/inside.h"

#include "base/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define LINKS_MAX 40 /* as the kernel (path_resolution(7)) */

static void add_dir(Project *p, int fd)
{
        struct stat st;
        if (p->n < PROJECT_DIRS_MAX && fstat(fd, &st) == 0) {
                p->dirs[p->n].dev = st.st_dev;
                p->dirs[p->n++].ino = st.st_ino;
        }
}

static bool is_repository(int fd)
{
        static const char *const marks[] = {".git", ".hg", ".svn"};
        struct stat st;
        for (size_t i = 0; i < ARRAY_LEN(marks); i++)
                if (fstatat(fd, marks[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
                        return true;
        return false;
}

void project_find(const char *cwd, const char *home, Project *ret)
{
        *ret = (Project){0};
        CLEANUP_FD int here = cwd ? open(cwd, O_PATH | O_DIRECTORY | O_CLOEXEC) : FD_NONE;
        CLEANUP_FREE char *dir = here >= 0 ? strdup(cwd) : NULL, *repository = NULL;
        CLEANUP_FREE char *real_home = home ? realpath(home, NULL) : NULL;
        if (real_home)
                home = real_home;
        if (here < 0)
                return;
        add_dir(ret, here);
        ret->holds_home = home && path_is_below(home, cwd);
        /* The uppermost: a project can hold what looks like a repository of its own. */
        while (dir && !str_eq(dir, "/") && !(home && path_is_below(home, dir))) {
                CLEANUP_FD int fd = open(dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                char *parent = path_parent(dir);
                if (fd >= 0 && is_repository(fd)) {
                        free(repository);
                        repository = TAKE_PTR(dir);
                }
                free(dir);
                dir = parent;
        }
        CLEANUP_FD int top =
                repository ? open(repository, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : FD_NONE;
        if (top >= 0)
                add_dir(ret, top);
}

bool project_has(const Project *project, int fd)
{
        struct stat st, above;
        CLEANUP_FD int dir = project->n > 0 ? openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC) : FD_NONE;
        if (project->n == 0)
                return false;
        if (dir < 0 || fstat(dir, &st) < 0)
                return true;
        for (;;) {
                for (size_t i = 0; i < project->n; i++)
                        if (project->dirs[i].dev == st.st_dev && project->dirs[i].ino == st.st_ino)
                                return true;
                int up = openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (up < 0 || fstat(up, &above) < 0) {
                        (void)fd_close(up);
                        return true;
                }
                (void)fd_close(dir);
                dir = up;
                /* "/" is its own parent. */
                if (above.st_dev == st.st_dev && above.st_ino == st.st_ino)
                        return false;
                st = above;
        }
}

/* Where the file of a descriptor is; owned. */
static int path_of(int fd, char **ret)
{
        char link[40], path[PATH_MAX];
        struct stat st, there;
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, path, sizeof(path));
        if (n < 0)
                return -errno;
        if (n == sizeof(path))
                return -ENAMETOOLONG;
        path[n] = '\0';
        /* "... (deleted)", "(unreachable)...": under this name there is no such file. */
        if (fstat(fd, &st) < 0 || lstat(path, &there) < 0)
                return -errno;
        if (path[0] != '/' || st.st_dev != there.st_dev || st.st_ino != there.st_ino)
                return -ENOENT;
        *ret = strdup(path);
        return *ret ? 0 : -ENOMEM;
}

/* What is left of the path after a link at its front. */
static int follow(const Project *project, int link, int *dir, const char *rest, char **path, bool *led)
{
        char target[PATH_MAX];
        char *longer = NULL;
        ssize_t n = readlinkat(link, "", target, sizeof(target));
        if (n < 0)
                return -errno;
        if (n == sizeof(target))
                return -ENAMETOOLONG;
        *led = *led || project_has(project, *dir);
        if (asprintf(&longer, "%.*s%s", (int)n, target, rest) < 0)
                return -ENOMEM;
        free(*path);
        *path = longer;
        if (target[0] != '/')
                return 0;
        int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return -errno;
        (void)fd_close(*dir);
        *dir = root;
        return 0;
}

int project_open(const Project *project, const char *path, ProjectFile *ret)
{
        CLEANUP_FREE char *text = strdup(path);
        CLEANUP_FD int dir = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        bool led = false;
        unsigned links = 0;
        const char *at = text;
        if (!text)
                return -ENOMEM;
        if (dir < 0)
                return -errno;
        for (;;) {
                struct stat st;
                at += strspn(at, "/");
                size_t len = strcspn(at, "/");
                CLEANUP_FREE char *name = strndup(len > 0 ? at : ".", len > 0 ? len : 1);
                CLEANUP_FD int fd = name ? openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC) : FD_NONE;
                if (!name)
                        return -ENOMEM;
                if (fd < 0 || fstat(fd, &st) < 0)
                        return -errno;
                if (S_ISLNK(st.st_mode)) {
                        int r = links++ == LINKS_MAX ? -ELOOP
                                                     : follow(project, fd, &dir, at + len, &text, &led);
                        if (r < 0)
                                return r;
                        at = text;
                        continue;
                }
                at += len;
                if (*at == '\0') {
                        ProjectFile found = {.in_project = led || project_has(project, dir)};
                        int r = path_of(fd, &found.path);
                        if (r < 0)
                                return r;
                        found.fd = TAKE_FD(fd);
                        *ret = found;
                        return 0;
                }
                (void)fd_close(dir);
                dir = TAKE_FD(fd);
        }
}
