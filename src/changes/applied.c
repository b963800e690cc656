/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes the list of files that an apply has put on the host or found there. */
#include "changes/applied.h"

#include "base/io.h"

#include <fcntl.h>

/* Hashes a file's identity and state to 64 bits with FNV-1a. */
static uint64_t hash_of(const struct stat *st)
{
        const uint64_t parts[] = {st->st_dev,
                                  st->st_ino,
                                  (uint64_t)st->st_mtim.tv_sec,
                                  (uint64_t)st->st_mtim.tv_nsec,
                                  (uint64_t)st->st_size,
                                  st->st_mode};
        uint64_t h = UINT64_C(0xcbf29ce484222325);
        for (size_t i = 0; i < ARRAY_LEN(parts); i++)
                for (unsigned shift = 0; shift < 64; shift += 8)
                        h = (h ^ ((parts[i] >> shift) & 0xff)) * UINT64_C(0x100000001b3);
        return h ? h : 1;
}

static void insert(uint64_t *slots, size_t room, uint64_t h)
{
        size_t i = h & (room - 1);
        while (slots[i] && slots[i] != h)
                i = (i + 1) & (room - 1);
        slots[i] = h;
}

static int remember(Applied *a, uint64_t h)
{
        if (2 * (a->n + 1) > a->room) {
                size_t room = a->room ? 2 * a->room : 1024;
                uint64_t *slots = calloc(room, sizeof(*slots));
                if (!slots)
                        return -ENOMEM;
                for (size_t i = 0; i < a->room; i++)
                        if (a->slots[i])
                                insert(slots, room, a->slots[i]);
                free(a->slots);
                a->slots = slots;
                a->room = room;
        }
        insert(a->slots, a->room, h);
        a->n++;
        return 0;
}

int applied_load(Applied *a, int sandbox_fd)
{
        CLEANUP_FD int fd = openat(sandbox_fd, APPLIED_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        uint64_t piece[512];
        ssize_t n;
        while ((n = read(fd, piece, sizeof(piece))) > 0)
                for (size_t i = 0; i < (size_t)n / sizeof(*piece); i++)
                        if (piece[i] && remember(a, piece[i]) < 0)
                                return -ENOMEM;
        return n < 0 ? -errno : 0;
}

bool applied_has(const Applied *a, const struct stat *st)
{
        uint64_t h = hash_of(st);
        if (a->room == 0)
                return false;
        for (size_t i = h & (a->room - 1); a->slots[i]; i = (i + 1) & (a->room - 1))
                if (a->slots[i] == h)
                        return true;
        return false;
}

int applied_add(Applied *a, int sandbox_fd, const struct stat *st)
{
        uint64_t h = hash_of(st);
        if (a->fd < 0)
                a->fd = openat(sandbox_fd, APPLIED_FILE,
                               O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (a->fd < 0)
                return -errno;
        if (!applied_has(a, st) && remember(a, h) < 0)
                return -ENOMEM;
        a->pending[a->n_pending++] = h;
        return a->n_pending == ARRAY_LEN(a->pending) ? applied_flush(a) : 0;
}

int applied_flush(Applied *a)
{
        int r = a->n_pending > 0 ? io_write_all(a->fd, a->pending, a->n_pending * sizeof(*a->pending)) : 0;
        a->n_pending = 0;
        return r;
}

void applied_clear(Applied *a)
{
        (void)applied_flush(a);
        fd_close(a->fd);
        free(a->slots);
        *a = APPLIED_NONE;
}
