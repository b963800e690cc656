/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox's own terminal (pty(7)): the payload never holds the caller's. */
#pragma once

#include "base/error.h"

#include <termios.h>

/**
 * tty_open - a pty of the sandbox's own devpts, with the settings and the size of the caller's terminal
 * @like_fd. The caller must be in the sandbox's root.
 *
 * @only_output: nothing is typed into it, and what is written is not processed: the caller's terminal does.
 * @ret_master, @ret_slave: close-on-exec. Returns 0 or -errno with @err.
 */
int tty_open(int like_fd, bool only_output, int *ret_master, int *ret_slave, Error *err);

/** tty_make_controlling - make @slave the controlling terminal of this session's leader (ioctl_tty(2)). 0 or
 * -errno. */
int tty_make_controlling(int slave);

/** tty_copy_size - give @to the window size of @from. 0 or -errno. */
int tty_copy_size(int from, int to);

/**
 * tty_set_raw - raw mode; the settings before go to @ret_saved, for tty_restore().
 *
 * @post_process: output is still processed, for others that write lines to the terminal.
 * @ret_raw: the settings from now on. 0 or -errno.
 */
int tty_set_raw(int fd, bool post_process, struct termios *ret_saved, struct termios *ret_raw);

/** tty_has_settings - whether the terminal has these settings, and nobody has changed them. */
bool tty_has_settings(int fd, const struct termios *settings);

/** tty_is_cooked - whether the terminal is read by lines, as shells leave it to the programs they start. */
bool tty_is_cooked(int fd);

/** tty_restore - the settings that were, at once: a terminal that nobody reads would keep us waiting for what
 * was written to be out. */
void tty_restore(int fd, const struct termios *saved);

/** tty_is_foreground - whether this process group may read from and set the terminal @fd. */
bool tty_is_foreground(int fd);
