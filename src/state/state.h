/* SPDX-License-Identifier: Apache-2.0 */
/* The directory in which a run keeps its layers, and its removal, also after a killed run. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

/** A directory of a run that is not kept begins with it; what kills the run leaves it behind. */
#define RUN_PREFIX "run-"

/** The directory of a run: STATE/run-XXXXXX with the directories of each layer (plan_layer_path()). The run
 * holds its lock (flock(2)). */
typedef struct RunDir {
        int state_fd;  /* the state directory */
        int fd;        /* the run directory, which holds the lock; FD_NONE: none */
        char name[72]; /* "run-...", or the name of the kept sandbox */
        bool spare;    /* it already has empty directories of layers (spare.h) */
} RunDir;

#define RUN_DIR_NONE ((RunDir){.state_fd = FD_NONE, .fd = FD_NONE})

/**
 * run_dir_make - create a run directory below @state_dir (see run_dir_open_state()), or take a spare.
 *
 * @may_be_spare: a spare will do; spare_give() may get it back.
 *
 * Returns 0 or -errno with @err.
 */
int run_dir_make(const char *state_dir, bool may_be_spare, RunDir *ret, Error *err);

/** run_name_make - make the run's name: that of the kept sandbox, that of its directory without "run-", or a
 * new one if it has no directory. Returns 0 or -errno with @err. */
int run_name_make(const RunDir *dir, char *out, size_t room, Error *err);

/**
 * run_dir_remove - remove a run directory with all its files.
 *
 * @userns_fd: the sandbox's user namespace, whose subordinate ids own files that the user cannot remove;
 * FD_NONE: none.
 *
 * Returns 0 or -errno with @err.
 */
int run_dir_remove(RunDir *dir, int userns_fd, Error *err);

/** run_dir_remove_entry - remove one entry with all its files. Returns 0 or -errno. */
int run_dir_remove_entry(const RunDir *dir, const char *name, int userns_fd);

/**
 * run_dir_open_state - open a directory of kurung, which is created with mode 0700 if it is missing, and
 * refused if it belongs to another user or is writable by others. @variable: the variable that selects
 * another directory, for the error. Returns 0 or -errno with @err.
 */
int run_dir_open_state(const char *path, const char *variable, int *ret_fd, Error *err);

/** run_state_path - return $XDG_STATE_HOME/kurung (host_state_home()), or @below in it (NULL: none), without
 * creating it. @ret: owned. Returns 0 or -errno with @err. */
int run_state_path(const char *below, char **ret, Error *err);

/**
 * run_state_list - list the names in a directory of kurung's state, sorted. Returns 0, also if it does not
 * exist, or -errno with @err.
 */
int run_state_list(const char *below, StrList *ret, Error *err);

/**
 * run_state_open_entry - open a directory in one of these, even if its mode denies access: a command may have
 * set the mode of its home.
 *
 * Returns the descriptor, close-on-exec; -EACCES: it belongs to another id; -errno.
 */
int run_state_open_entry(int dirfd, const char *name);

/**
 * run_state_open - open a directory in one of these by name, without a lock. Does not check owner and mode.
 *
 * @what: its kind, for errors ("sandbox"). @name: validated.
 *
 * Returns 0; -EINVAL (invalid name), -ENOENT, -EACCES (it belongs to another id; @ret has everything but its
 * descriptor), -errno with @err. run_dir_clear() closes it.
 */
int run_state_open(const char *below, const char *what, const char *name, RunDir *ret, Error *err);

/** run_state_given_away - set the error for a directory that belongs to another id (run_state_open_entry()),
 * with the command that removes it. @what: as with run_state_open(). Returns -EACCES. */
int run_state_given_away(const char *what, const char *name, Error *err);

/** run_check_name - refuse an invalid name of a @what. Returns 0 or -EINVAL with @err. */
int run_check_name(const char *what, const char *name, Error *err);

/**
 * run_dir_clear_stale - remove run directories and unfinished placeholders of killed runs in @state_dir,
 * whose locks are free, if it is time to look for them (run_dir_is_due()). Examines and removes only some at
 * a time, and skips those that it cannot remove.
 *
 * @userns_fd: a sandbox's user namespace; FD_NONE: none. If its ids do not suffice, the user's own ranges are
 * used.
 */
void run_dir_clear_stale(const char *state_dir, int userns_fd);

/**
 * run_dir_is_due - return whether to look for remains in a directory of kurung: in a large one, once a second
 * by all processes together, so that no start takes longer beside many sandboxes. Its file ".looked" has the
 * time.
 */
bool run_dir_is_due(int dirfd);

/** run_dir_clear - close the descriptors. */
void run_dir_clear(RunDir *dir);
