/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the sandbox's pty and changes terminal settings. */
#include "mech/tty.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

int tty_copy_size(int from, int to)
{
        struct winsize size;
        if (ioctl(from, TIOCGWINSZ, &size) < 0 || ioctl(to, TIOCSWINSZ, &size) < 0)
                return -errno;
        return 0;
}

int tty_open(int like_fd, bool only_output, int *ret_master, int *ret_slave, Error *err)
{
        int unlock = 0;
        CLEANUP_FD int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
                return error_set_errno(err, errno, "cannot open a pty");
        /* TIOCGPTPEER opens it without a path, which could be redirected (ioctl_tty(2)). */
        CLEANUP_FD int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (slave < 0)
                return error_set_errno(err, errno, "cannot open the other side of a pty");
        struct termios settings;
        if (tcgetattr(like_fd, &settings) == 0) {
                /* The caller's terminal processes the output. */
                settings.c_oflag &= only_output ? ~(tcflag_t)OPOST : ~(tcflag_t)0;
                settings.c_lflag &= only_output ? ~(tcflag_t)ECHO : ~(tcflag_t)0;
                (void)tcsetattr(slave, TCSANOW, &settings);
        }
        (void)tty_copy_size(like_fd, slave);
        *ret_master = TAKE_FD(master);
        *ret_slave = TAKE_FD(slave);
        return 0;
}

int tty_make_controlling(int slave)
{
        return ioctl(slave, TIOCSCTTY, 0) < 0 ? -errno : 0;
}

int tty_set_raw(int fd, bool post_process, struct termios *ret_saved, struct termios *ret_raw)
{
        struct termios saved, raw;
        if (tcgetattr(fd, &saved) < 0)
                return -errno;
        raw = saved;
        cfmakeraw(&raw);
        if (post_process)
                raw.c_oflag = saved.c_oflag;
        /* tty_has_settings() compares with the settings that the kernel accepted. */
        if (tcsetattr(fd, TCSANOW, &raw) < 0 || tcgetattr(fd, &raw) < 0)
                return -errno;
        *ret_saved = saved;
        *ret_raw = raw;
        return 0;
}

bool tty_has_settings(int fd, const struct termios *settings)
{
        struct termios now;
        return tcgetattr(fd, &now) == 0 && now.c_iflag == settings->c_iflag &&
               now.c_oflag == settings->c_oflag && now.c_cflag == settings->c_cflag &&
               now.c_lflag == settings->c_lflag && memcmp(now.c_cc, settings->c_cc, sizeof(now.c_cc)) == 0;
}

bool tty_is_cooked(int fd)
{
        struct termios now;
        return tcgetattr(fd, &now) == 0 && (now.c_lflag & ICANON) && (now.c_lflag & ECHO);
}

void tty_restore(int fd, const struct termios *saved)
{
        (void)tcsetattr(fd, TCSANOW, saved);
}

bool tty_is_foreground(int fd)
{
        return tcgetpgrp(fd) == getpgrp();
}
