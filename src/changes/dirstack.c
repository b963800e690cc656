/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the open directories of a walk within a limit. */
#include "changes/dirstack.h"

#include <fcntl.h>
#include <sys/stat.h>

/* A level without a descriptor cannot lead back to the ones above it: they stay open. */
static void close_far(DirStack *s, size_t index)
{
        if (s->levels[index].fd < 0 || index < DIRSTACK_OPEN_MAX)
                return;
        DirLevel *far = &s->levels[index - DIRSTACK_OPEN_MAX];
        far->fd = fd_close(far->fd);
}

int dirstack_push(DirStack *s, int fd)
{
        CLEANUP_FD int owned = fd;
        struct stat st = {0};
        if (s->n == DIRSTACK_DEPTH_MAX)
                return -ELOOP;
        if (fd >= 0 && fstat(fd, &st) < 0)
                return -errno;
        if (ARRAY_GROW(s->levels, s->n, s->room, 32) < 0)
                return -ENOMEM;
        s->levels[s->n++] = (DirLevel){.fd = TAKE_FD(owned), .dev = st.st_dev, .ino = st.st_ino};
        close_far(s, s->n - 1);
        return 0;
}

int dirstack_set(DirStack *s, size_t index, int fd)
{
        struct stat st;
        CLEANUP_FD int owned = fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        fd_close(s->levels[index].fd);
        s->levels[index] = (DirLevel){.fd = TAKE_FD(owned), .dev = st.st_dev, .ino = st.st_ino};
        close_far(s, index);
        return 0;
}

static int open_again(const DirStack *s, int child, DirLevel *level)
{
        struct stat st;
        CLEANUP_FD int fd = openat(child, "..", s->flags);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (st.st_dev != level->dev || st.st_ino != level->ino)
                return -ESTALE;
        level->fd = TAKE_FD(fd);
        return 0;
}

int dirstack_pop(DirStack *s)
{
        CLEANUP_FD int child = s->levels[--s->n].fd;
        if (s->n == 0)
                return 0;
        DirLevel *level = &s->levels[s->n - 1];
        if (level->fd >= 0 || level->ino == 0 || child < 0)
                return 0;
        return open_again(s, child, level);
}

int dirstack_top(const DirStack *s)
{
        return s->n > 0 ? s->levels[s->n - 1].fd : FD_NONE;
}

void dirstack_clear(DirStack *s)
{
        for (size_t i = 0; i < s->n; i++)
                fd_close(s->levels[i].fd);
        free(s->levels);
        *s = (DirStack){.flags = s->flags};
}
