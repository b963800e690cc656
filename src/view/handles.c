/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the files that the kernel has open in a view. */
#include "view/serve_internal.h"

typedef struct Handle {
        bool used;
        int fd;
} Handle;

static Handle *handles;
static size_t n_handles, maybe_free;

uint64_t handle_add(int fd)
{
        while (maybe_free < n_handles && handles[maybe_free].used)
                maybe_free++;
        if (maybe_free == n_handles) {
                size_t n = n_handles > 0 ? 2 * n_handles : 16;
                Handle *more = realloc(handles, n * sizeof(*more));
                if (!more)
                        return 0;
                memset(more + n_handles, 0, (n - n_handles) * sizeof(*more));
                handles = more;
                n_handles = n;
        }
        handles[maybe_free] = (Handle){.used = true, .fd = fd};
        return ++maybe_free;
}

static Handle *find_handle(uint64_t number)
{
        return number > 0 && number <= n_handles && handles[number - 1].used ? &handles[number - 1] : NULL;
}

int handle_get(uint64_t number, int *ret_fd)
{
        const Handle *h = find_handle(number);
        if (!h)
                return -EBADF;
        *ret_fd = h->fd;
        return 0;
}

void handle_drop(uint64_t number)
{
        Handle *h = find_handle(number);
        if (!h)
                return;
        fd_close(h->fd);
        *h = (Handle){.fd = FD_NONE};
        if (number - 1 < maybe_free)
                maybe_free = number - 1;
}

void handles_clear(void)
{
        for (uint64_t i = 1; i <= n_handles; i++)
                handle_drop(i);
        free(handles);
        handles = NULL;
        n_handles = maybe_free = 0;
}
