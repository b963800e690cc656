/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a project decides what is read. */
#pragma once

#include "base/error.h"

#include <limits.h>
#include <sys/types.h>

#define PROJECT_DIRS_MAX 2

/**
 * The project that kurung is started in: the working directory, and the repository that it is part of. By
 * identity, not by name, so that another mount or spelling of them is the same.
 */
typedef struct Project {
        struct {
                dev_t dev;
                ino_t ino;
        } dirs[PROJECT_DIRS_MAX];
        size_t n;
        char repository[PATH_MAX]; /* its path; "": none */
        bool holds_home;           /* the working directory is the home directory or one above it */
} Project;

/**
 * project_find - the project of the working directory @cwd: that itself, and the uppermost directory above it
 * that holds a repository (.git, .hg, .svn), but not @home or what @home lies in.
 *
 * @cwd: as getcwd(3) gives it; NULL: there is none. @home: absolute; NULL: none.
 */
void project_find(const char *cwd, const char *home, Project *ret);

/** A file that was opened, and where it is. */
typedef struct ProjectFile {
        int fd;          /* O_PATH; the caller's */
        char *path;      /* without links, absolute; owned by the caller */
        bool in_project; /* it lies in the project, or a symbolic link in the project led to it */
} ProjectFile;

/**
 * project_open - walk @path as the kernel does (path_resolution(7)), each component once.
 *
 * @path: absolute, or relative to the working directory of this process.
 *
 * Returns 0 or -errno: of openat(2); ELOOP after 40 links; ENOENT also for a file that was removed meanwhile.
 * @ret is untouched then.
 */
int project_open(const Project *project, const char *path, ProjectFile *ret);

/** project_has - whether the directory @fd (O_PATH serves) is in the project. What can't be found out is. */
bool project_has(const Project *project, int fd);
