/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that the caller left open and that a word of the command line names as /dev/fd/N, as bash
 * writes process substitutions, or MAKEFLAGS as those of a jobserver. */
#pragma once

#include "spec/spec.h"

/**
 * caller_fds_take - close all descriptors that the caller left open, except 0 to 2 and those that are named.
 * Called before kurung opens anything, and in both programs of process_run_sealed(). The ones that stay are
 * close-on-exec. Returns 0 or -ENOMEM.
 */
int caller_fds_take(char *const *argv);

/** caller_fds_named - return the descriptor that @path names, above 2, if it was taken; FD_NONE: another
 * path, or the caller had not opened it. @ret_names: whether the path names a descriptor above 2; may be
 * NULL. */
int caller_fds_named(const char *path, bool *ret_names);

/** caller_fds_inherit - set whether a program that this process executes gets the descriptors that are left.
 */
void caller_fds_inherit(bool inherit);

/** caller_fds_release - forget @fd: it belongs to somebody else now. */
void caller_fds_release(int fd);

/** caller_fds_settle - make the descriptors that the payload keeps inheritable, and close all others that are
 * left. Called after the last program of the host was executed, before the sandbox is made. Returns 0 or
 * -errno with
 * @err. */
int caller_fds_settle(const int *kept, size_t n, Error *err);

/**
 * caller_fds_pass - let the payload keep the pipes that its words name, and those of a jobserver in MAKEFLAGS
 * (GNU make manual, "POSIX Jobserver Interaction").
 *
 * Only pipes: a descriptor of a file could be opened again with more rights (proc_pid_fd(5)). Changes
 * MAKEFLAGS in the environment of this process: a jobserver's FIFO, whose path does not exist inside, becomes
 * two descriptors; one that cannot be passed is removed.
 *
 * Returns 0 or -errno with @err.
 */
int caller_fds_pass(Spec *spec, Error *err);
