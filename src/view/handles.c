/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps what the kernel has open in a view. */
#include "view/serve_internal.h"

static Handle *handles;
static size_t n_handles, maybe_free;

uint64_t handle_add(HandleKind kind, int fd, DIR *stream)
{
        while (maybe_free < n_handles && handles[maybe_free].kind != HANDLE_NONE)
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
        handles[maybe_free] = (Handle){.kind = kind, .fd = fd, .stream = stream};
        return ++maybe_free;
}

Handle *handle_get(HandleKind kind, uint64_t number)
{
        return number > 0 && number <= n_handles && handles[number - 1].kind == kind ? &handles[number - 1]
                                                                                     : NULL;
}

void handle_drop(Handle *h)
{
        if (h->stream)
                (void)closedir(h->stream);
        fd_close(h->fd);
        *h = (Handle){.kind = HANDLE_NONE, .fd = FD_NONE};
        if ((size_t)(h - handles) < maybe_free)
                maybe_free = (size_t)(h - handles);
}

void handles_clear(void)
{
        for (size_t i = 0; i < n_handles; i++)
                if (handles[i].kind != HANDLE_NONE)
                        handle_drop(&handles[i]);
        free(handles);
        handles = NULL;
        n_handles = maybe_free = 0;
}
