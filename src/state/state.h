/* SPDX-License-Identifier: Apache-2.0 */
/* The directory that a run keeps its writes in, and the removal of it, also after a run that was killed. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

/** One run's directory: STATE/run-XXXXXX with the directories of each layer (plan_layer_path()). It is locked
 * (flock(2)) while the run lives.
 */
typedef struct RunDir {
        int state_fd;  /* the state directory */
        int fd;        /* the run's, which holds the lock; FD_NONE: none */
        char name[72]; /* "run-...", or the kept sandbox's */
} RunDir;

#define RUN_DIR_NONE ((RunDir){.state_fd = FD_NONE, .fd = FD_NONE})

/**
 * run_dir_make - make a run's directory below @state_dir (made 0700 when missing; refused when it is somebody
 * else's or open to others). 0 or -errno with @err.
 */
int run_dir_make(const char *state_dir, RunDir *ret, Error *err);

/** run_name_make - the run's name: the kept sandbox's, its directory's without "run-", or a new one when it
 * has none. 0 or -errno with @err. */
int run_name_make(const RunDir *dir, char *out, size_t room, Error *err);

/**
 * run_dir_remove - remove it with all it holds.
 *
 * @userns_fd: the sandbox's user namespace, whose subordinate ids own what the user can't remove; FD_NONE:
 * none.
 *
 * Returns 0 or -errno with @err.
 */
int run_dir_remove(RunDir *dir, int userns_fd, Error *err);

/** run_dir_remove_entry - remove one entry of it with all that is in it. 0 or -errno. */
int run_dir_remove_entry(const RunDir *dir, const char *name, int userns_fd);

/**
 * run_dir_open_state - open a directory of kurung's own, made 0700 when missing; refused when it is somebody
 * else's or writable by others. @variable: what would name another, for the error. 0 or -errno with @err.
 */
int run_dir_open_state(const char *path, const char *variable, int *ret_fd, Error *err);

/** run_state_path - $XDG_STATE_HOME/kurung as host_state_home() has it, or @below in it, not made; owned.
 * @below: NULL: none. 0 or -errno with @err. */
int run_state_path(const char *below, char **ret, Error *err);

/**
 * run_state_list - the names of what is in a directory of kurung's state, sorted. 0, also when there is none,
 * or -errno with @err.
 */
int run_state_list(const char *below, StrList *ret, Error *err);

/**
 * run_state_open_entry - open one directory of those, whatever mode a command gave to what is its home.
 *
 * Returns the descriptor, close-on-exec; -EACCES: it belongs to another id; -errno.
 */
int run_state_open_entry(int dirfd, const char *name);

/**
 * run_state_open - open one directory of those, without a lock. Whose it is, and how open, is not looked at.
 *
 * @what: what it is to people ("sandbox"). @name: checked to be a name.
 *
 * Returns 0; -EINVAL (no name), -ENOENT, -EACCES (it belongs to another id; @ret has all but its descriptor),
 * -errno with @err. run_dir_clear() closes it.
 */
int run_state_open(const char *below, const char *what, const char *name, RunDir *ret, Error *err);

/** run_state_given_away - the error of one that run_state_open_entry() finds to belong to another id, with
 * what removes it. @what: as with run_state_open(). Returns -EACCES. */
int run_state_given_away(const char *what, const char *name, Error *err);

/** run_check_name - refuse what is no name of a @what. 0 or -EINVAL with @err. */
int run_check_name(const char *what, const char *name, Error *err);

/**
 * run_dir_clear_stale - remove what runs that were killed have left in @state_dir, and placeholders that they
 * were making: nobody holds the lock of their directories. Some at a time; what can't be removed is left.
 *
 * @userns_fd: a sandbox's user namespace, FD_NONE: none. Where its ids do not do, the user's own ranges are
 * used.
 */
void run_dir_clear_stale(const char *state_dir, int userns_fd);

/** run_dir_clear - close the descriptors. */
void run_dir_clear(RunDir *dir);
