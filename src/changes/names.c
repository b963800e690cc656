/* SPDX-License-Identifier: Apache-2.0 */
/* Lists a directory's names in sorted pieces. */
#include "changes/names.h"

#include <dirent.h>
#include <sys/syscall.h>

#define PIECE_MIN 4096
#define BUFFER 32768

void names_begin(Names *names)
{
        *names = (Names){.more = true};
}

void names_clear(Names *names, size_t *used)
{
        *used -= names->len + names->n * sizeof(*names->order);
        free(names->text);
        free(names->order);
        *names = (Names){0};
}

static int compare(const void *a, const void *b, void *text)
{
        return strcmp((const char *)text + *(const uint32_t *)a, (const char *)text + *(const uint32_t *)b);
}

/* Capacity doubles, up to the need of @limit. */
static int add_name(Names *names, size_t *room, size_t *order_room, const char *name)
{
        size_t len = strlen(name) + 1;
        if (names->len + len > *room) {
                size_t bigger = *room ? 2 * *room : PIECE_MIN;
                char *text = realloc(names->text, bigger);
                if (!text)
                        return -ENOMEM;
                names->text = text;
                *room = bigger;
        }
        if (ARRAY_GROW(names->order, names->n, *order_room, 128) < 0)
                return -ENOMEM;
        names->order[names->n++] = (uint32_t)names->len;
        memcpy(names->text + names->len, name, len);
        names->len += len;
        return 0;
}

/* Adds the entries of one buffer. Returns 1 if the piece is complete. */
static int add_entries(Names *names, const char *buffer, long n, size_t limit, size_t *room,
                       size_t *order_room)
{
        for (long at = 0; at < n;) {
                const struct dirent64 *e = (const void *)(buffer + at);
                if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, "..")) {
                        if (names->n > 0 && names->len + strlen(e->d_name) + 1 + 4 * names->n > limit)
                                return 1;
                        int r = add_name(names, room, order_room, e->d_name);
                        if (r < 0)
                                return r;
                }
                names->cookie = e->d_off;
                at += e->d_reclen;
        }
        return 0;
}

static int read_piece(Names *names, int fd, size_t *used)
{
        _Alignas(struct dirent64) char buffer[BUFFER];
        int64_t cookie = names->cookie;
        names_clear(names, used);
        names->cookie = cookie;
        /* Half of the rest, so that some always remains for the directories below. */
        size_t limit = *used < NAMES_BUDGET ? (NAMES_BUDGET - *used) / 2 : 0;
        size_t room = 0, order_room = 0;
        int r = 0;
        if (lseek(fd, cookie, SEEK_SET) < 0)
                return -errno;
        while (r == 0) {
                long n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer));
                if (n <= 0) {
                        r = n < 0 ? -errno : 0;
                        break;
                }
                r = add_entries(names, buffer, n, limit < PIECE_MIN ? PIECE_MIN : limit, &room, &order_room);
        }
        names->more = r == 1;
        *used += names->len + names->n * sizeof(*names->order);
        if (names->n > 0)
                qsort_r(names->order, names->n, sizeof(*names->order), compare, names->text);
        return r < 0 ? r : 0;
}

int names_next(Names *names, int fd, size_t *used, const char **ret)
{
        while (names->next == names->n) {
                if (!names->more) {
                        *ret = NULL;
                        return 0;
                }
                int r = read_piece(names, fd, used);
                if (r < 0)
                        return r;
        }
        *ret = names->text + names->order[names->next++];
        return 0;
}
