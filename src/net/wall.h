/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second wall: libslirp's own connect(2), sendto(2), send(2), accept(2), bind(2), listen(2) and close(2)
 * come through here, as the program's definitions of these symbols come before libc's. Each finds the
 * connection (net/conn.h) or takes the second look at the destination (net/destination.h), and then makes the
 * call.
 *
 * A connection to the sandbox's resolver becomes one end of a socket pair.
 */
#pragma once

#include "net/conn.h"

typedef struct Wall {
        Filter *filter;
        ConnTable conns;
        bool inside;   /* libslirp runs: what it does is looked at */
        bool in_frame; /* it handles filter->frame */
        bool off;      /* tests only */
        bool says_yes; /* tests only: the second look lets every destination pass */
        uint64_t now_ms;
        /* Takes the other end of a connection to the resolver; -errno: there is no room, the end stays the
         * caller's. */
        int (*resolve)(void *userdata, int fd);
        void *userdata;
        /* Tests only: what the kernel is about to be asked to reach, by connect(2) or sendto(2). */
        void (*watch)(const NetAddress *address, uint16_t port);
        int bound; /* the descriptor of the last bind(2) */
} Wall;

/** There is one, as the functions that it replaces have no argument for it. */
extern Wall wall;
