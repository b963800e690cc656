/* SPDX-License-Identifier: Apache-2.0 */
/* The confined processes that read archives: each has a root of its own with nothing but what it needs. */
#pragma once

#include "plan/plan.h"

/** Paths in the root of a child. */
#define CHILD_IN "/in"
#define CHILD_OUT "/out"

/** What a child may use. It shares no memory with its parent but what @userdata says. */
typedef struct ImageChildOptions {
        const char *who;              /* in errors: "image reader" */
        const PlanIdentity *identity; /* the ids that it can give to files; NULL: none */
        int in; /* a directory that it may read, at CHILD_IN; FD_NONE: none. @in_path: its path */
        const char *in_path;
        int out; /* a directory that it may write, at CHILD_OUT; FD_NONE: none */
        const char *out_path;
        uint64_t max_file; /* maximum size of a file in bytes */
        const int *fds;    /* the descriptors that it keeps; FD_NONE is skipped */
        size_t n_fds;
        int (*body)(void *userdata, Error *err); /* returns 0 or -errno with @err */
        void *userdata;
} ImageChildOptions;

typedef struct ImageChild {
        const char *who;
        int pidfd;
        int error; /* end of file: no error */
} ImageChild;

#define IMAGE_CHILD_NONE ((ImageChild){.pidfd = FD_NONE, .error = FD_NONE})

/**
 * image_child_start - start a process in new namespaces, which confines itself and then calls options->body.
 * It ends with its parent. All libraries that the body uses must be loaded.
 *
 * @ret: image_child_finish() or image_child_kill() ends it. Returns 0 or -errno with @err.
 */
int image_child_start(const ImageChildOptions *options, ImageChild *ret, Error *err);

/** image_child_directory - open CHILD_IN or CHILD_OUT in a child; without confinement, @other. Returns a
 * descriptor, owned by the caller, or -errno. */
int image_child_directory(const char *path, int other, uint64_t flags);

/** image_child_finish - wait until the child ends. Returns 0, or -errno with the child's error. */
int image_child_finish(ImageChild *child, Error *err);

/** image_child_kill - end the child, and reap it. A child that has ended already is legal. */
void image_child_kill(ImageChild *child);
