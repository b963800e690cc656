/* SPDX-License-Identifier: Apache-2.0 */
/* Decides whether a file belongs to the project. */
#include "base/project.h"

#include "base/lookup.h"
#include "base/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

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
        /* The topmost one: a project can contain something that looks like a repository. */
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
        if (top >= 0) {
                add_dir(ret, top);
                (void)snprintf(ret->repository, sizeof(ret->repository), "%s", repository);
        }
}

bool project_has(const Project *project, int fd)
{
        for (size_t i = 0; i < project->n; i++)
                if (lookup_is_below(fd, project->dirs[i].dev, project->dirs[i].ino) != 0)
                        return true;
        return false;
}

int project_open(const Project *project, const char *path, ProjectFile *ret)
{
        CLEANUP(lookup_clear) Lookup found = LOOKUP_NONE;
        int r = lookup_path(path, &found);
        if (r < 0)
                return r;
        bool in_project = project_has(project, found.dir);
        for (size_t i = 0; i < found.n_links && !in_project; i++)
                in_project = project_has(project, found.links[i].dir);
        ret->fd = TAKE_FD(found.fd);
        ret->path = TAKE_PTR(found.path);
        ret->in_project = in_project;
        return 0;
}
