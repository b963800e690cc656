/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second wall: libslirp's own connect(2), sendto(2), send(2), accept(2), bind(2) and close(2) come
 * through here, as the program's definitions of these symbols come before libc's. What the first wall, the
 * frame filter, let through by mistake is looked at once more where the address is what the kernel will see.
 *
 * libslirp may reach just the destination of the frame that is being handled, and of these none that the
 * policy refuses. A connection to the sandbox's resolver becomes one end of a socket pair; a TLS connection
 * to an address that was learnt by name is looked at before its first byte leaves (net/sni.h).
 */
#pragma once

#include "net/filter.h"

typedef struct Wall {
        Filter *filter;
        bool inside;   /* libslirp runs: what it does is looked at */
        bool in_frame; /* it handles filter->frame */
        bool off;      /* tests only */
        bool says_yes; /* tests only: the second look lets every destination pass */
        uint64_t now_ms;
        /* Takes the other end of a connection to the resolver; -errno: there is no room, the end stays the
         * caller's. */
        int (*resolve)(void *userdata, int fd);
        /* Something was refused here that the filter had let through, or by its SNI. @name: may be NULL. */
        void (*refused)(void *userdata, const PolicyTarget *to, const char *name,
                        const PolicyVerdict *verdict);
        void *userdata;
        /* Tests only: what the kernel is about to be asked to reach, by connect(2) or sendto(2). */
        void (*watch)(const NetAddress *address, uint16_t port);
        int bound; /* the descriptor of the last bind(2) */
} Wall;

/** There is one, as the functions that it replaces have no argument for it. */
extern Wall wall;

/** wall_is_written - whether all that libslirp had for a socket was taken by it at once, so that libslirp
 * keeps nothing that is still to be sent. */
bool wall_is_written(int fd);

/** wall_init - for descriptors below @files. 0 or -ENOMEM. */
int wall_init(size_t files);
void wall_clear(void);
