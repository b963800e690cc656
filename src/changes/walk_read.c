/* SPDX-License-Identifier: Apache-2.0 */
/* Reads entries of the upper and the lower; gains more rights if it must and can. */
#include "changes/walk_read.h"

#include <fcntl.h>

bool walk_gain(Walk *w, int r)
{
        if (r != -EACCES || w->gained || !w->options->gain)
                return false;
        w->gained = w->options->gain(w->options->userdata) == 0;
        return w->gained;
}

static uint32_t map_id(const IdMap *map, uint32_t outside)
{
        for (size_t i = 0; i < map->n; i++)
                if (outside - map->items[i].outside < map->items[i].count)
                        return map->items[i].inside + (outside - map->items[i].outside);
        return WALK_OVERFLOW_ID;
}

ChangeFile walk_describe(const Walk *w, const struct stat *st)
{
        ChangeFile f = change_from_stat(st);
        if (w->options->uid_map && !w->gained) {
                f.uid = map_id(w->options->uid_map, f.uid);
                f.gid = map_id(w->options->gid_map, f.gid);
        }
        return f;
}

int walk_stat_lower(Walk *w, const char *name, ChangeFile *ret)
{
        struct stat st;
        int fd = dirstack_top(&w->lower);
        *ret = (ChangeFile){0};
        if (fd < 0 || w->total)
                return 0;
        if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
                *ret = walk_describe(w, &st);
        else if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
                return -errno;
        return 0;
}

int walk_stat_upper(Walk *w, const char *name, struct stat *ret)
{
        int r;
        do
                r = fstatat(dirstack_top(&w->upper), name, ret, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
        while (r < 0 && walk_gain(w, r));
        return r;
}

int walk_open_upper(Walk *w, const char *name, int flags, int *ret)
{
        int fd;
        do {
                fd = openat(dirstack_top(&w->upper), name,
                            flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
                fd = fd < 0 ? -errno : fd;
        } while (fd < 0 && walk_gain(w, fd));
        if (fd < 0)
                return fd;
        *ret = fd;
        return 0;
}

int walk_read_marks(Walk *w, int dirfd, const char *name, Marks *ret, size_t *ret_len)
{
        int r;
        do
                r = marks_read(w->layer->engine, dirfd, name, ret, w->xattrs, ret_len);
        while (r < 0 && walk_gain(w, r));
        return r;
}
