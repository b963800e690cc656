/* SPDX-License-Identifier: Apache-2.0 */
/* Appends names to a path and removes them again. */
#include "changes/pathbuf.h"

static int append(PathBuf *p, const char *s, size_t len)
{
        if (p->len + len + 1 > p->room) {
                size_t room = p->room ? p->room : 256;
                while (room < p->len + len + 1)
                        room *= 2;
                char *text = realloc(p->text, room);
                if (!text)
                        return -ENOMEM;
                p->text = text;
                p->room = room;
        }
        memcpy(p->text + p->len, s, len);
        p->len += len;
        p->text[p->len] = '\0';
        return 0;
}

int pathbuf_set(PathBuf *p, const char *path)
{
        p->len = 0;
        return append(p, path, strlen(path));
}

int pathbuf_push(PathBuf *p, const char *name, size_t *ret_before)
{
        *ret_before = p->len;
        int r = name[0] && !(p->len == 1 && p->text[0] == '/') ? append(p, "/", 1) : 0;
        return r < 0 ? r : append(p, name, strlen(name));
}

void pathbuf_pop(PathBuf *p, size_t before)
{
        p->len = before;
        p->text[before] = '\0';
}

void pathbuf_clear(PathBuf *p)
{
        free(p->text);
        *p = (PathBuf){0};
}
