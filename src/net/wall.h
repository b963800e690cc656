/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second barrier: libslirp's own connect(2), sendto(2), send(2), bind(2) and close(2) arrive here,
 * because the program's definitions of these symbols take precedence over libc's. Each finds the connection
 * (net/conn.h) or makes the second check of the destination (net/destination.h), and then makes the system
 * call.
 *
 * A connection to the sandbox's resolver becomes one end of a socket pair.
 */
#pragma once

#include "net/conn.h"

typedef struct Wall {
        Filter *filter;
        ConnTable conns;
        bool inside;   /* libslirp runs: its calls are checked */
        bool in_frame; /* it is handling filter->frame */
        bool off;      /* tests only */
        bool says_yes; /* tests only: the second check passes every destination */
        uint64_t now_ms;
        /* Takes the other end of a connection to the resolver; -errno: there is no room, and the caller keeps
         * the end. */
        int (*resolve)(void *userdata, int fd);
        void *userdata;
        /* Tests only: called with the address that the kernel is about to reach, by connect(2) or
         * sendto(2). */
        void (*watch)(const NetAddress *address, uint16_t port);
        int bound; /* the descriptor of the last bind(2) */
} Wall;

/** There is only one, because the replaced functions have no argument for it. */
extern Wall wall;
