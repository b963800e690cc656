/* SPDX-License-Identifier: Apache-2.0 */
/* Serves the extended attributes by which the overlay finds the data of a file. */
#include "view/files.h"

#include <limits.h>

#define METACOPY "user.overlay.metacopy"
#define REDIRECT "user.overlay.redirect"

/* The data layer is the top directory and one directory below it: the path begins there. */
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

ssize_t view_attribute(const View *v, NodeId id, const char *name, char *value, size_t size)
{
        char room[PATH_MAX];
        const Node *n = nodes_get(v->nodes, id);
        if (!n)
                return -ESTALE;
        if (n->flags & NODE_REST)
                return -ENOSYS;
        if (!str_eq(name, METACOPY) && !str_eq(name, REDIRECT))
                return -ENODATA;
        const char *to = redirect(v, id, n, room, sizeof(room));
        if (!to)
                return -ENODATA;
        return str_eq(name, METACOPY) ? 0 : give(to, strlen(to), value, size);
}
