/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox's TCP connections as the host sees them: for each socket that libslirp connects, its
 * destination, the first bytes of its client, whether libslirp still has data to send, and how it ended. A
 * table of fixed size, by descriptor; a connection is also found by its flow. No I/O: wall.c makes the system
 * calls, and stack.c passes on the frames.
 *
 * A connection whose name must be checked (PolicyVerdict.check_sni) keeps its client's first bytes until they
 * name a host (net/sni.h). They are then sent at once, or never.
 */
#pragma once

#include "net/destination.h"

typedef enum ConnState {
        CONN_NONE,  /* the descriptor has no connection */
        CONN_HELLO, /* its first bytes are kept until they name a host */
        CONN_OPEN,
        CONN_RESET,   /* ended: its first bytes could not be sent */
        CONN_REFUSED, /* ended: the policy refuses the name, and this was reported */
} ConnState;

typedef struct ConnHello ConnHello;

typedef struct Conn {
        ConnState state;
        bool short_write; /* a send(2) took only a part: libslirp keeps the rest */
        bool host_closed; /* the host's end has finished sending: libslirp has sent its FIN */
        uint16_t guest_port;
        Destination to;
        ConnHello *hello; /* CONN_HELLO */
        int next;         /* the next descriptor in the same bucket */
} Conn;

#define CONN_BUCKETS 4096

typedef struct ConnTable {
        Conn *items; /* by descriptor */
        size_t n;
        int buckets[CONN_BUCKETS]; /* by flow: the first descriptor */
        uint32_t seed;
        /* Called when the second check refuses a destination, or when the name of a client's connection is
         * refused. @name: NULL: none. */
        void (*refused)(void *userdata, const PolicyTarget *to, const char *name,
                        const PolicyVerdict *verdict);
        void *userdata;
} ConnTable;

/** conn_table_init - make a table for descriptors below @files. Returns 0 or -ENOMEM. */
int conn_table_init(ConnTable *t, size_t files, uint32_t seed);
void conn_table_clear(ConnTable *t);

/**
 * conn_open - register descriptor @fd before it is connected.
 *
 * @guest_port: the sandbox's.
 * @check_name: keep the first bytes until they name a host that the policy allows.
 *
 * Returns the connection; NULL: @fd is outside of the table or has a connection, or there is no memory. Such
 * a socket must not be connected.
 */
Conn *conn_open(ConnTable *t, int fd, const Destination *to, uint16_t guest_port, bool check_name);

/** conn_close - remove @fd before it is closed. */
void conn_close(ConnTable *t, int fd);

/** conn_find - return the connection of a descriptor; NULL: none. */
Conn *conn_find(ConnTable *t, int fd);

/** conn_of_flow - return the connection of a flow; NULL: none. */
Conn *conn_of_flow(ConnTable *t, const FlowKey *key);

/** conn_to_sandbox - handle @frame, which libslirp sends to the sandbox: it may be the first or the last of a
 * connection. */
void conn_to_sandbox(ConnTable *t, const Frame *frame);

/**
 * conn_ended_by - return the connection that @frame, of the sandbox, ends completely, because the host's end
 * has already finished; NULL: none.
 */
Conn *conn_ended_by(ConnTable *t, const Frame *frame);

/** conn_is_written - return whether libslirp has no unsent data of the connection. */
bool conn_is_written(const Conn *c);

/** How to handle bytes of the sandbox's client. */
typedef enum ConnSay {
        CONN_SAY_SEND,  /* send them */
        CONN_SAY_KEEP,  /* they are kept: send nothing yet */
        CONN_SAY_FIRST, /* send conn_first_bytes() and call conn_said_first(), then send the rest */
        CONN_SAY_RESET, /* reset the connection at both ends */
} ConnSay;

/**
 * conn_say - handle @data of the sandbox's client.
 *
 * @ret_kept: this many of the @n bytes are kept, and must not be sent as part of @data.
 */
ConnSay conn_say(ConnTable *t, Conn *c, const Policy *policy, const void *data, size_t n, uint64_t now_ms,
                 size_t *ret_kept);

/** conn_first_bytes - return the kept bytes of CONN_SAY_FIRST. Valid until conn_said_first(). */
const uint8_t *conn_first_bytes(const Conn *c, size_t *ret_len);

/** conn_said_first - report whether all of them were @sent; otherwise the connection has ended. */
void conn_said_first(Conn *c, bool sent);
