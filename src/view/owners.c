/* SPDX-License-Identifier: Apache-2.0 */
/* Asks and answers questions about the attributes of files. */
#include "view/owners.h"

#include "base/fds.h"

#include <fcntl.h>

int owners_ask(int channel, int dir, const char *names, size_t len, size_t n, OwnersAnswer *ret)
{
        size_t n_fds = 0;
        int no_fd = FD_NONE;
        if (n == 0 || n > OWNERS_NAMES_MAX || len > OWNERS_TEXT_MAX)
                return -EINVAL;
        int r = fds_send(channel, names, len, &dir, 1, 0);
        if (r < 0)
                return r;
        ssize_t got = fds_receive(channel, ret, n * sizeof(*ret), 0, &no_fd, 0, &n_fds);
        if (got < 0)
                return (int)got;
        return (size_t)got == n * sizeof(*ret) ? 0 : -EPROTO;
}

/* Only one name: no way to another directory. */
static bool is_name(const char *name)
{
        return !strchr(name, '/') && !str_eq(name, ".") && !str_eq(name, "..");
}

static void answer(int dir, const char *name, OwnersAnswer *ret)
{
        struct statx st;
        const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
        *ret = (OwnersAnswer){0};
        if (!is_name(name))
                ret->error = EINVAL;
        else if (statx(dir, name, name[0] ? flags : flags | AT_EMPTY_PATH, STATX_BASIC_STATS, &st) < 0)
                ret->error = errno;
        else
                *ret = (OwnersAnswer){.mode = st.stx_mode,
                                      .nlink = st.stx_nlink,
                                      .uid = st.stx_uid,
                                      .gid = st.stx_gid,
                                      .dev_major = st.stx_dev_major,
                                      .dev_minor = st.stx_dev_minor,
                                      .rdev_major = st.stx_rdev_major,
                                      .rdev_minor = st.stx_rdev_minor,
                                      .block_size = st.stx_blksize,
                                      .ino = st.stx_ino,
                                      .size = st.stx_size,
                                      .blocks = st.stx_blocks,
                                      .atime = st.stx_atime,
                                      .mtime = st.stx_mtime,
                                      .ctime = st.stx_ctime};
}

int owners_answer(int channel)
{
        static char names[OWNERS_TEXT_MAX];
        static OwnersAnswer answers[OWNERS_NAMES_MAX];
        int dir = FD_NONE;
        size_t n_fds = 0, n = 0;
        ssize_t len = fds_receive(channel, names, sizeof(names), 0, &dir, 1, &n_fds);
        if (len <= 0)
                return (int)len;
        CLEANUP_FD int own = n_fds > 0 ? dir : FD_NONE;
        if (own < 0 || names[len - 1] != '\0')
                return -EPROTO;
        for (const char *name = names; name < names + len; name += strlen(name) + 1) {
                if (n == OWNERS_NAMES_MAX)
                        return -EPROTO;
                answer(own, name, &answers[n++]);
        }
        int r = fds_send(channel, answers, n * sizeof(*answers), NULL, 0, 0);
        return r < 0 ? r : 1;
}
