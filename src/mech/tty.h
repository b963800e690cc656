/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox's own terminal (pty(7)): the payload never gets the caller's. */
#pragma once

#include "base/error.h"

#include <termios.h>

/**
 * tty_open - open a pty of the sandbox's own devpts, with the settings and the size of the caller's terminal
 * @like_fd. The calling process must be in the sandbox's root.
 *
 * @only_output: it has no input, and does not process output: the caller's terminal does.
 * @ret_master, @ret_slave: close-on-exec. Returns 0 or -errno with @err.
 */
int tty_open(int like_fd, bool only_output, int *ret_master, int *ret_slave, Error *err);

/** tty_make_controlling - make @slave the controlling terminal of the calling session leader (ioctl_tty(2)).
 * Returns 0 or -errno. */
int tty_make_controlling(int slave);

/** tty_copy_size - copy the window size of @from to @to. Returns 0 or -errno. */
int tty_copy_size(int from, int to);

/**
 * tty_set_raw - set raw mode. @ret_saved gets the previous settings, for tty_restore().
 *
 * @post_process: keep processing output, for other programs that write lines to the terminal.
 * @ret_raw: gets the new settings. Returns 0 or -errno.
 */
int tty_set_raw(int fd, bool post_process, struct termios *ret_saved, struct termios *ret_raw);

/** tty_has_settings - return whether the terminal still has these settings. */
bool tty_has_settings(int fd, const struct termios *settings);

/** tty_is_cooked - return whether the terminal reads lines, the mode in which shells start programs. */
bool tty_is_cooked(int fd);

/** tty_restore - restore the settings immediately: for a terminal that nobody reads, waiting for its output
 * would block. */
void tty_restore(int fd, const struct termios *saved);

/** tty_is_foreground - return whether this process group may read from the terminal @fd and change its
 * settings. */
bool tty_is_foreground(int fd);
