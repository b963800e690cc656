/* SPDX-License-Identifier: Apache-2.0 */
/* Serves extended attributes: the user's own, and those by which the overlay finds the data of a file. */
#include "view/files.h"

#include <limits.h>
#include <stdio.h>
#include <sys/xattr.h>

#define METACOPY "user.overlay.metacopy"
#define REDIRECT "user.overlay.redirect"

/* Whatever the overlay would read in an attribute of its own, no file of the host decides it. */
static bool is_shown(const char *name)
{
        return str_starts(name, "user.") && !str_starts(name, "user.overlay.") &&
               !str_starts(name, "user.fuseoverlayfs.");
}

/* The data layer is one top directory of the lower: the path begins below it. */
static const char *redirect(const View *v, NodeId id, const Node *n, char *room, size_t size)
{
        const unsigned wanted = NODE_DIRECT | NODE_REGULAR;
        if ((n->flags & (wanted | NODE_UNREADABLE)) != wanted)
                return NULL;
        const char *path = nodes_path(v->nodes, id, 2, room + 1, size - 1);
        if (!path)
                return NULL;
        char *start = room + (path - room) - 1;
        *start = '/';
        return start;
}

static ssize_t give(const char *data, size_t len, char *value, size_t size)
{
        if (size > 0 && size < len)
                return -ERANGE;
        if (size > 0)
                memcpy(value, data, len);
        return (ssize_t)len;
}

/* Attributes cannot be read through O_PATH, and a file of any type must not be opened for them. */
static int path_of(View *v, NodeId id, char *out, size_t room)
{
        char name[256];
        int dir = FD_NONE;
        int r = tree_parent(&v->tree, id, &dir, name);
        if (r < 0)
                return r;
        (void)snprintf(out, room, "/proc/self/fd/%d/%s", dir, name);
        return 0;
}

ssize_t view_attribute(View *v, NodeId id, const char *name, char *value, size_t size)
{
        char room[PATH_MAX], path[320];
        const Node *n = nodes_get(v->nodes, id);
        if (!n)
                return -ESTALE;
        if (str_eq(name, METACOPY) || str_eq(name, REDIRECT)) {
                const char *to = redirect(v, id, n, room, sizeof(room));
                if (!to)
                        return -ENODATA;
                return str_eq(name, METACOPY) ? 0 : give(to, strlen(to), value, size);
        }
        if (!is_shown(name) || (n->flags & NODE_UNREADABLE))
                return -ENODATA;
        int r = path_of(v, id, path, sizeof(path));
        if (r < 0)
                return r;
        ssize_t len = lgetxattr(path, name, value, size);
        return len < 0 ? -errno : len;
}

ssize_t view_attributes(View *v, NodeId id, char *list, size_t size)
{
        char path[320];
        size_t shown = 0;
        const Node *n = nodes_get(v->nodes, id);
        if (!n)
                return -ESTALE;
        if (n->flags & NODE_UNREADABLE)
                return 0;
        int r = path_of(v, id, path, sizeof(path));
        if (r < 0)
                return r;
        CLEANUP_FREE char *all = malloc(XATTR_LIST_MAX);
        if (!all)
                return -ENOMEM;
        ssize_t len = llistxattr(path, all, XATTR_LIST_MAX);
        if (len < 0)
                return errno == EOPNOTSUPP ? 0 : -errno;
        for (ssize_t i = 0, next; i < len; i = next) {
                size_t one = strlen(all + i) + 1;
                next = i + (ssize_t)one;
                if (!is_shown(all + i))
                        continue;
                memmove(all + shown, all + i, one);
                shown += one;
        }
        return give(all, shown, list, size);
}
