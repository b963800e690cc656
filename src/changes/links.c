/* SPDX-License-Identifier: Apache-2.0 */
/* Records the destination of the first name of files with several names. */
#include "changes/links.h"

static size_t slot_of(const LinkTarget *slots, size_t room, uint64_t dev, uint64_t ino)
{
        size_t i = (size_t)((ino * UINT64_C(0x9e3779b97f4a7c15)) ^ dev) & (room - 1);
        while (slots[i].path && (slots[i].ino != ino || slots[i].dev != dev))
                i = (i + 1) & (room - 1);
        return i;
}

const LinkTarget *links_find(const Links *l, uint64_t dev, uint64_t ino)
{
        if (l->room == 0)
                return NULL;
        const LinkTarget *t = &l->slots[slot_of(l->slots, l->room, dev, ino)];
        return t->path ? t : NULL;
}

static int grow(Links *l)
{
        size_t room = l->room ? 2 * l->room : 64;
        LinkTarget *slots = calloc(room, sizeof(*slots));
        if (!slots)
                return -ENOMEM;
        for (size_t i = 0; i < l->room; i++)
                if (l->slots[i].path)
                        slots[slot_of(slots, room, l->slots[i].dev, l->slots[i].ino)] = l->slots[i];
        free(l->slots);
        l->slots = slots;
        l->room = room;
        return 0;
}

int links_add(Links *l, const LinkTarget *t)
{
        size_t len = strlen(t->path) + 1 + 2 * sizeof(*t);
        if (l->used + len > LINKS_BUDGET)
                return 0;
        if (2 * (l->n + 1) > l->room && grow(l) < 0)
                return -ENOMEM;
        LinkTarget *slot = &l->slots[slot_of(l->slots, l->room, t->dev, t->ino)];
        char *path = strdup(t->path);
        if (!path)
                return -ENOMEM;
        if (slot->path)
                free(slot->path);
        else
                l->n++;
        *slot = *t;
        slot->path = path;
        l->used += len;
        return 0;
}

void links_clear(Links *l)
{
        for (size_t i = 0; i < l->room; i++)
                free(l->slots[i].path);
        free(l->slots);
        *l = (Links){0};
}
