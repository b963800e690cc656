/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the repository around the working directory, and the one to which a git worktree belongs. */
#include "base/io.h"
#include "base/path.h"
#include "base/project.h"
#include "plan/host.h"

#include <fcntl.h>

#define LINK_MAX_BYTES 4096 /* of git's files that name a directory */

/* Reads a one-line file of git's in @dir: a regular file, not a link. Returns its text after @prefix, owned
 * by the caller; NULL: it is something else. */
static char *read_line(int dir, const char *name, const char *prefix)
{
        CLEANUP_FREE char *text = NULL;
        CLEANUP_FD int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat st;
        size_t len;
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
            io_read_to_end(fd, LINK_MAX_BYTES, -1, &text, &len) < 0 || strlen(text) != len ||
            !str_starts(text, prefix))
                return NULL;
        text[strcspn(text, "\n")] = '\0';
        return strdup(text + strlen(prefix));
}

/* Returns whether git's directory of a worktree, @git_dir, names the ".git" of @worktree as its own. The file
 * ".git" is the project's: without this, it could name any directory of the user. */
static bool names_back(int git_dir, const char *worktree)
{
        CLEANUP_FREE char *back = read_line(git_dir, "gitdir", ""), *dir = NULL;
        CLEANUP_FREE char *real = NULL;
        if (back && back[0] == '/' && str_eq(path_name(back), ".git"))
                dir = path_parent(back);
        if (dir)
                real = realpath(dir, NULL);
        return real && str_eq(real, worktree);
}

/* Finds the directory of the repository whose worktree is @worktree (gitrepository-layout(5)): that of a file
 * "gitdir: REPOSITORY/worktrees/NAME". NULL: none. */
static char *find_repository(const char *worktree)
{
        CLEANUP_FD int dir = open(worktree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        CLEANUP_FREE char *named = dir < 0 ? NULL : read_line(dir, ".git", "gitdir: "), *path = NULL;
        CLEANUP_FREE char *real = NULL, *all = NULL, *repository = NULL;
        if (!named || path_normalize(named, worktree, &path) < 0 || !(real = realpath(path, NULL)))
                return NULL;
        CLEANUP_FD int git_dir = open(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (git_dir < 0 || !names_back(git_dir, worktree) || !(all = path_parent(real)) ||
            !str_eq(path_name(all), "worktrees") || !(repository = path_parent(all)))
                return NULL;
        struct stat st;
        return fstatat(git_dir, "../../objects", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)
                       ? TAKE_PTR(repository)
                       : NULL;
}

/* Returns the directory with a ".git" that is nearest to @cwd, at most up to @top; owned. NULL: no memory. */
static char *nearest(const char *cwd, const char *top)
{
        char *dir = strdup(cwd);
        while (dir) {
                CLEANUP_FREE char *mark = path_join(dir, ".git");
                struct stat st;
                if (!mark || lstat(mark, &st) == 0 || str_eq(dir, top))
                        break;
                char *parent = path_parent(dir);
                free(dir);
                dir = parent;
        }
        return dir;
}

/* Finds git's directory of the worktree. NULL: there is none that may count. */
static char *find_git_dir(const char *worktree)
{
        CLEANUP_FREE char *mark = path_join(worktree, ".git");
        struct stat st;
        if (!mark || lstat(mark, &st) < 0)
                return NULL;
        return S_ISDIR(st.st_mode) ? TAKE_PTR(mark) : find_repository(worktree);
}

const Project *host_find_around(Host *host)
{
        if (!host->has_around)
                project_find(host->cwd, host->home, &host->around);
        host->has_around = true;
        return &host->around;
}

int host_probe_project(Host *host)
{
        const Project *around = host_find_around(host);
        if (!host->cwd || !around->repository[0])
                return 0;
        CLEANUP_FREE char *worktree = nearest(host->cwd, around->repository);
        if (!worktree)
                return -ENOMEM;
        host->git_dir = find_git_dir(worktree);
        if (!str_eq(around->repository, host->cwd) && !(host->project = strdup(around->repository)))
                return -ENOMEM;
        const char *const found[] = {host->project ? host->project : host->cwd, host->git_dir, NULL};
        return host_probe_paths(host, found);
}
