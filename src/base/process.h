/* SPDX-License-Identifier: Apache-2.0 */
/* Creation, waiting and signalling of processes through pidfds, never through pids, which may be reused. */
#pragma once

#include "base/util.h"

#include <sys/types.h>

/**
 * process_clone - clone3(2) without CLONE_VM: the child gets a copy of the memory, as with fork(2).
 *
 * @flags: CLONE_NEW* flags, may be 0.
 * @ret_pidfd: the child's pidfd in the parent (close-on-exec), may be NULL.
 *
 * Returns the child's pid in the parent, 0 in the child, -errno on failure.
 */
pid_t process_clone(uint64_t flags, int *ret_pidfd);

/**
 * process_clone_exec - like process_clone(), for a child that calls exec: @child runs on a stack of its own
 * in the caller's memory, and the caller waits until the child has called exec or exited (CLONE_VM and
 * CLONE_VFORK of clone(2)), so that nothing is copied. No signal is handled in the meantime. @child returns
 * its exit status; it must not change memory that the caller needs.
 */
pid_t process_clone_exec(uint64_t flags, int (*child)(void *userdata), void *userdata, int *ret_pidfd);

/** process_restore_mask - in the child of process_clone_exec(), whose signals are all blocked: restore the
 * caller's mask. In another process it does nothing. */
void process_restore_mask(void);

/** process_wait - wait until a child exits (waitid(2) on its pidfd) and reap it. @ret_status (may be NULL)
 * gets its wait(2) status. Returns 0 or -errno. */
int process_wait(int pidfd, int *ret_status);

/** process_signal - send a signal with pidfd_send_signal(2). Returns 0 or -errno; -ESRCH if the process has
 * exited. */
int process_signal(int pidfd, int sig);

/** process_exit_code - convert a wait(2) status as a shell does: the exit status, or 128 + the signal. */
int process_exit_code(int status);

/**
 * process_spawn - start a short-lived program with vfork speed: an absolute path, an empty environment, a
 * process group of its own, default signal dispositions, all signals blocked, fds 0-2 on /dev/null, no other
 * inherited.
 *
 * @argv: argv[0] is the absolute path. @stderr_fd: its standard error; FD_NONE: /dev/null. @ret_pidfd: its
 * pidfd; the caller waits with process_wait().
 *
 * Returns 0 or -errno (-ENOENT if the program does not exist).
 */
int process_spawn(char *const argv[], int stderr_fd, int *ret_pidfd);

/**
 * process_leave_group - in a child that serves the supervisor: become the leader of a new process group, so
 * that signals from a terminal, timeout(1) or kill(1) to the caller's group do not reach it, and discard
 * earlier ones. All signals are ignored afterwards, until process_reset_signals().
 */
void process_leave_group(void);

/**
 * process_tame_umask - clear the owner's bits of the caller's umask(2), so that kurung can access the files
 * that it creates. Called once, when the program starts.
 */
void process_tame_umask(void);

/** process_restore_umask - restore the caller's umask before an exec. */
void process_restore_umask(void);

/** process_reset_signals - reset all dispositions to default and unblock all signals, as a payload expects.
 */
void process_reset_signals(void);

/**
 * process_program - return the absolute path of the running program, also after process_run_sealed().
 *
 * Returns 0, or -errno: -ENAMETOOLONG if it does not fit into @room bytes.
 */
int process_program(char *out, size_t room);

/**
 * process_run_sealed - execute a sealed copy of the running program in memory, with the same arguments and
 * environment, if the caller could change the program's file (owns it or may write to it).
 *
 * Code that takes over a process of kurung, for example through a hostile loader, could reach the file
 * through /proc/PID/exe, outside of every root (runc CVE-2019-5736).
 *
 * @argv: main()'s. Returns 0 if nothing needs to be done, as in the copy; otherwise it returns only on
 * failure, -errno.
 */
int process_run_sealed(char **argv);

/**
 * process_keep_only - close every descriptor but 0 to 2 and @fds (@n; FD_NONE is skipped): in a program those
 * that its caller left open, in a cloned child the ends of other processes' channels, which would keep those
 * channels open.
 *
 * Returns 0 or -errno of close_range(2).
 */
int process_keep_only(const int *fds, size_t n);

/** process_fill_standard - open /dev/null for each closed descriptor of 0 to 2. Otherwise the next opened
 * file would get this number, and be used as if it were a terminal. Returns 0 or -errno. */
int process_fill_standard(void);

/**
 * process_remember_arguments - record the address of main()'s arguments for process_hide_arguments(). Called
 * once, when the program starts, before @argv changes.
 */
void process_remember_arguments(int argc, char **argv);

/**
 * process_hide_arguments - in a child that is visible inside: replace /proc/PID/cmdline, which everybody may
 * read, by @name (truncated if it does not fit). This overwrites the strings of main()'s argv in this
 * process, including program_invocation_name.
 */
void process_hide_arguments(const char *name);

/** process_close_from - close all descriptors from @first on (close_range(2)). */
int process_close_from(unsigned first);

/**
 * process_forbid_core_dumps - prevent core files of the caller and its descendants, and handlers of the host,
 * which would process a payload's data as root.
 *
 * The limit is 1 byte: for a handler on a pipe the kernel treats any other value, including 0, as "no limit"
 * (fs/coredump.c, "RLIMIT_CORE is set to 1"). If the caller's hard limit is already 0, it cannot be raised,
 * and stays.
 *
 * @raisable: the hard limit stays, so that a payload with a limit of its own can be given it.
 *
 * Returns 0 or -errno.
 */
int process_forbid_core_dumps(bool raisable);

/**
 * process_start_time - get the start time of a process in clock ticks since boot (field 22 of
 * proc_pid_stat(5)); with the pid it identifies the process. Returns 0; -ESRCH or -ENOENT: no such process;
 * -errno.
 */
int process_start_time(pid_t pid, uint64_t *ret);
