/* SPDX-License-Identifier: Apache-2.0 */
/* Small functions that every layer uses: ownership, cleanup, arrays. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether this build has a sanitizer, whose shadow memory takes most of the address space. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define CLEANUP(f) __attribute__((cleanup(f)))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define UNUSED __attribute__((unused))

/** A closed descriptor; the initial value of every fd variable. */
#define FD_NONE (-EBADF)

/** Move a descriptor or a pointer out of its variable, so that the variable's cleanup does nothing. */
static inline int fd_take(int *fd)
{
        int v = *fd;
        *fd = FD_NONE;
        return v;
}
#define TAKE_FD(fd) fd_take(&(fd))

#define TAKE_PTR(p)                                                                                          \
        ({                                                                                                   \
                __typeof__(p) taken_ = (p);                                                                  \
                (p) = NULL;                                                                                  \
                taken_;                                                                                      \
        })

/** Close @fd if it is open, preserving errno. Returns FD_NONE, to assign back. */
static inline int fd_close(int fd)
{
        int saved = errno;
        if (fd >= 0)
                (void)close(fd);
        errno = saved;
        return FD_NONE;
}

static inline void fd_closep(int *fd)
{
        *fd = fd_close(*fd);
}

static inline void freep(void *p)
{
        free(*(void **)p);
}

/**
 * ARRAY_GROW - make room for one more element in the array @items (a variable, of which @n are used).
 *
 * @room: the variable with the capacity. When it is used up, it doubles, from @first on.
 *
 * Returns 0; -ENOMEM: both variables stay unchanged.
 */
#define ARRAY_GROW(items, n, room, first)                                                                    \
        ({                                                                                                   \
                size_t more_ = (n) < (room) ? (room) : (room) ? 2 * (room) : (first);                        \
                __typeof__(items) grown_ =                                                                   \
                        more_ == (room) ? (items) : reallocarray((items), more_, sizeof(*(items)));          \
                if (grown_) {                                                                                \
                        (items) = grown_;                                                                    \
                        (room) = more_;                                                                      \
                }                                                                                            \
                grown_ ? 0 : -ENOMEM;                                                                        \
        })

#define CLEANUP_FD CLEANUP(fd_closep)
#define CLEANUP_FREE CLEANUP(freep)

static inline bool str_eq(const char *a, const char *b)
{
        return strcmp(a, b) == 0;
}

static inline bool str_starts(const char *s, const char *prefix)
{
        return strncmp(s, prefix, strlen(prefix)) == 0;
}

/** str_in - return whether @s is one of the @n texts in @list. */
static inline bool str_in(const char *s, const char *const *list, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (str_eq(list[i], s))
                        return true;
        return false;
}

static inline bool str_empty(const char *s)
{
        return s == NULL || s[0] == '\0';
}
