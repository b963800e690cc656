/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published TCP ports. The helper accepts a connection on the host and connects a socket in the sandbox's
 * network to the port there: at the sandbox's address and, if nothing listens there, at its loopback
 * addresses. Sockets belong to the network namespace in which they were made, so init makes them, one for
 * each request of the helper. libslirp and the tap device have no part in it.
 */
#pragma once

#include "net/shaper.h"
#include "net/stack.h"

/** A request to init: one byte, the family of the socket. The answer is one byte, with the socket if it is 0,
 * otherwise an errno. */
enum { RELAY_ASK_IPV4 = 4, RELAY_ASK_IPV6 = 6 };

/** Maximum number of connections; further clients wait in the host's kernel. */
#define RELAY_MAX 256

/** One direction of a connection: bytes that were read and not yet written. */
typedef struct RelayPipe {
        uint8_t *bytes;
        size_t at, len;
        bool read_all, closed; /* the source has ended; the target was told */
} RelayPipe;

typedef enum RelayState {
        RELAY_FREE,
        RELAY_WAITS,    /* for a socket, to connect to the next address */
        RELAY_ASKED,    /* init is making it */
        RELAY_CONNECTS, /* to the sandbox */
        RELAY_OPEN,
} RelayState;

typedef struct Relay {
        RelayState state;
        int outer, inner;          /* on the host, in the sandbox */
        uint16_t port;             /* of the sandbox */
        uint8_t next;              /* of its addresses */
        bool is_v6;                /* the client came by IPv6 */
        RelayPipe in, out;         /* to the sandbox, from it */
        size_t outer_at, inner_at; /* their places in the poll set; SIZE_MAX: none */
} Relay;

typedef struct RelayPort {
        int fd;
        uint16_t port;
        bool is_v6;
} RelayPort;

typedef struct RelayTable {
        RelayPort ports[NET_PUBLISH_MAX];
        size_t n_ports;
        Relay *items; /* RELAY_MAX; NULL: no port is published */
        int sockets;  /* the channel to init; FD_NONE: not received yet, or init has exited */
        Relay *asked; /* the connection whose socket init is making */
        Stack *stack; /* for the limits of its rates, and its counts */
        size_t polled_at;
} RelayTable;

/** relay_init - prepare the table. @stack: borrowed. */
void relay_init(RelayTable *t, Stack *stack);

/** relay_publish - listen on a TCP port of the host; @p gets the port that the kernel chose. Returns 0 or
 * -errno with @err. */
int relay_publish(RelayTable *t, NetPublish *p, Error *err);

/** relay_poll_prepare - add the descriptors, and lower *@timeout_ms if necessary (-1: no limit). */
void relay_poll_prepare(RelayTable *t, PollSet *polls, int *timeout_ms);

/** relay_poll_handle - handle the results of poll(2). */
void relay_poll_handle(RelayTable *t, const PollSet *polls);
