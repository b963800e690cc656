/* SPDX-License-Identifier: Apache-2.0 */
/* Making, waiting for and ending processes by pidfd, never by a number that may be reused. */
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
 * process_clone_exec - the same for a child that is to exec: it runs @child on a stack of its own in the
 * caller's memory, and the caller waits until it has exec'd or ended (CLONE_VM and CLONE_VFORK of clone(2)),
 * so that nothing is copied. No signal is handled meanwhile. @child returns what to exit with; it may change
 * no memory that the caller needs.
 */
pid_t process_clone_exec(uint64_t flags, int (*child)(void *userdata), void *userdata, int *ret_pidfd);

/** process_wait - wait for a child's end (waitid(2) on its pidfd) and reap it. A wait(2) status in
 * @ret_status (may be NULL). 0 or -errno. */
int process_wait(int pidfd, int *ret_status);

/** process_signal - pidfd_send_signal(2). -ESRCH when it is gone already. */
int process_signal(int pidfd, int sig);

/** process_exit_code - what a shell calls the status: the exit status, or 128 + the signal. */
int process_exit_code(int status);

/**
 * process_spawn - start a short-lived helper program with vfork speed: an absolute path, an empty
 * environment, a process group of its own, default signal dispositions, all signals blocked, fds 0-2 on
 * /dev/null, none else inherited.
 *
 * @argv: argv[0] is the absolute path.
 * @stderr_fd: what becomes its fd 2, or FD_NONE for /dev/null.
 * @ret_pidfd: its pidfd; the caller waits with process_wait().
 *
 * Returns 0 or -errno (-ENOENT when there is no such program).
 */
int process_spawn(char *const argv[], int stderr_fd, int *ret_pidfd);

/**
 * process_leave_group - in a child that serves the supervisor: become the leader of a process group of its
 * own, so that what a terminal, timeout(1) or kill(1) sends to the caller's group does not reach it, and
 * forget a signal that came before. All signals are ignored afterwards, until process_reset_signals().
 */
void process_leave_group(void);

/**
 * process_tame_umask - keep the caller's umask(2) but for the owner's bits: what kurung makes for itself must
 * be accessible to it, whatever the umask. Called once, when the program starts.
 */
void process_tame_umask(void);

/** process_restore_umask - the caller's umask again, for a program that is executed. */
void process_restore_umask(void);

/** process_reset_signals - every disposition to default, nothing blocked: what a payload may rely on. */
void process_reset_signals(void);

/**
 * process_program - the path of the running program, absolute; also after process_run_sealed().
 *
 * Returns 0, or -errno: -ENAMETOOLONG when @room bytes do not hold it.
 */
int process_program(char *out, size_t room);

/**
 * process_run_sealed - go on as a sealed copy in memory of the running program, with the same arguments and
 * environment, when the caller could change the program's file (is its owner or may write to it).
 *
 * Code that gets hold of a process of ours, as by a hostile loader, would reach the file by /proc/PID/exe,
 * outside of every root (runc CVE-2019-5736).
 *
 * @argv: main()'s. Returns 0 when there is nothing to do, also in the copy; else only on failure, -errno.
 */
int process_run_sealed(char **argv);

/**
 * process_keep_only - in a child that was cloned: close every descriptor but 0 to 2 and @fds (@n, FD_NONE is
 * skipped). What it had inherited of others' channels would keep their ends from being seen.
 *
 * Returns 0 or -errno of close_range(2).
 */
int process_keep_only(const int *fds, size_t n);

/**
 * process_remember_arguments - keep where main()'s arguments lie, for process_hide_arguments(). Called once,
 * when the program starts, before anything of @argv is changed.
 */
void process_remember_arguments(int argc, char **argv);

/**
 * process_hide_arguments - in a child that those inside can see: /proc/PID/cmdline, which everybody may read,
 * says @name (as much of it as fits) from now on. The strings of main()'s argv are gone in this process's
 * memory afterwards, program_invocation_name among them.
 */
void process_hide_arguments(const char *name);

/** process_close_from - close_range(2) from @first on. */
int process_close_from(unsigned first);

/**
 * process_forbid_core_dumps - for the caller and all that it starts: no core file is written, and no handler
 * of the host's is started either, which would read as root what a payload chose.
 *
 * The limit is 1 byte: for a handler at the other end of a pipe the kernel takes any other value, 0 among
 * them, for "no limit" (fs/coredump.c, "RLIMIT_CORE is set to 1"). Where the caller's hard limit is 0 already
 * it can't be raised, and stays.
 *
 * Returns 0 or -errno.
 */
int process_forbid_core_dumps(void);

/**
 * process_start_time - when a process was started, in clock ticks since the machine was (field 22 of
 * proc_pid_stat(5)): with its pid, which process it is. 0; -ESRCH or -ENOENT: there is none; -errno.
 */
int process_start_time(pid_t pid, uint64_t *ret);
