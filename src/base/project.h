/* SPDX-License-Identifier: Apache-2.0 */
/* Determines whether a project controls the content of a file. */
#pragma once

#include "base/error.h"

#include <limits.h>
#include <sys/types.h>

#define PROJECT_DIRS_MAX 2

/**
 * The project in which kurung is started: the working directory, and the repository that contains it. They
 * are compared by identity, not by name, so that other mounts and spellings match.
 */
typedef struct Project {
        struct {
                dev_t dev;
                ino_t ino;
        } dirs[PROJECT_DIRS_MAX];
        size_t n;
        char repository[PATH_MAX]; /* its path; "": none */
        bool holds_home;           /* the working directory is, or contains, the home directory */
} Project;

/**
 * project_find - find the project of the working directory @cwd: the directory itself, and the topmost
 * directory above it that has a repository (.git, .hg, .svn), but not @home or a directory that
 * contains @home.
 *
 * @cwd: the result of getcwd(3); NULL: none. @home: absolute; NULL: none.
 */
void project_find(const char *cwd, const char *home, Project *ret);

/** An open file and its location. */
typedef struct ProjectFile {
        int fd;          /* O_PATH; owned by the caller */
        char *path;      /* without links, absolute; owned by the caller */
        bool in_project; /* it is in the project, or was reached through a symbolic link in the project */
} ProjectFile;

/**
 * project_open - walk @path as the kernel does (path_resolution(7)), each component once.
 *
 * @path: absolute, or relative to the working directory of this process.
 *
 * Returns 0 or -errno: of openat(2); ELOOP after 40 links; ENOENT also for a file that was removed in the
 * meantime.
 * @ret is untouched on failure.
 */
int project_open(const Project *project, const char *path, ProjectFile *ret);

/** project_has - return whether the directory @fd (O_PATH suffices) is in the project; true if it cannot be
 * determined. */
bool project_has(const Project *project, int fd);
