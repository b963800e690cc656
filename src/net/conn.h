/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox's TCP connections as the host has them: for each socket that libslirp connects or accepts,
 * where it goes, what its client said first, whether libslirp still has something to send, and how it ended.
 * A table of a fixed size, by descriptor; a connection is also found by its flow. No I/O: wall.c makes the
 * calls, stack.c says which frames went by.
 *
 * A connection that needs a look at its name (PolicyVerdict.check_sni) keeps its client's first bytes until
 * they name a host (net/sni.h). They are then sent at once, or never.
 */
#pragma once

#include "net/destination.h"

typedef enum ConnState {
        CONN_NONE,     /* no connection has this descriptor */
        CONN_ARRIVING, /* it came in by a published port; which flow it is, its SYN to the sandbox will say */
        CONN_HELLO,    /* its first bytes are kept until they name a host */
        CONN_OPEN,
        CONN_RESET,   /* ended: its first bytes could not be sent */
        CONN_REFUSED, /* ended: the policy refuses the name, and this was reported */
} ConnState;

typedef struct ConnHello ConnHello;

typedef struct Conn {
        ConnState state;
        bool short_write; /* a send(2) took less than it was given: libslirp keeps the rest */
        bool host_closed; /* the host's end has said all: libslirp has sent its FIN */
        uint16_t guest_port;
        Destination to;   /* of one that came in: where it came from */
        ConnHello *hello; /* CONN_HELLO */
        int next;         /* the next descriptor of the same bucket */
} Conn;

#define CONN_BUCKETS 4096

typedef struct ConnTable {
        Conn *items; /* by descriptor */
        size_t n;
        int buckets[CONN_BUCKETS]; /* by flow: the first descriptor */
        uint32_t seed;
        int arriving; /* FD_NONE: none */
        /* The second look refused a destination, or a connection is refused by the name that its client said.
         * @name: NULL: none. */
        void (*refused)(void *userdata, const PolicyTarget *to, const char *name,
                        const PolicyVerdict *verdict);
        void *userdata;
} ConnTable;

/** conn_table_init - for descriptors below @files. 0 or -ENOMEM. */
int conn_table_init(ConnTable *t, size_t files, uint32_t seed);
void conn_table_clear(ConnTable *t);

/**
 * conn_open - descriptor @fd is about to be connected.
 *
 * @guest_port: the sandbox's.
 * @check_name: keep what is said first until it names a host that the policy allows.
 *
 * Returns the connection; NULL: @fd is beyond the table or has a connection, or there is no memory. Such a
 * socket must not be connected.
 */
Conn *conn_open(ConnTable *t, int fd, const Destination *to, uint16_t guest_port, bool check_name);

/** conn_accept - @fd came in by a published port, from @host. NULL: @fd is beyond the table. */
Conn *conn_accept(ConnTable *t, int fd, const NetAddress *host);

/** conn_close - @fd is about to be closed. */
void conn_close(ConnTable *t, int fd);

/** conn_find - the connection of a descriptor, or NULL. */
Conn *conn_find(ConnTable *t, int fd);

/** conn_of_flow - the connection of a flow, or NULL. */
Conn *conn_of_flow(ConnTable *t, const FlowKey *key);

/** conn_to_sandbox - libslirp sends the sandbox @frame: of a connection it may be the first or the last. */
void conn_to_sandbox(ConnTable *t, const Frame *frame);

/**
 * conn_ended_by - the connection that @frame, of the sandbox, ends for good, as the host's end has said all
 * before; NULL: none.
 */
Conn *conn_ended_by(ConnTable *t, const Frame *frame);

/** conn_is_written - whether libslirp keeps nothing of it that is still to be sent. */
bool conn_is_written(const Conn *c);

/** What is to be done with bytes of the sandbox's client. */
typedef enum ConnSay {
        CONN_SAY_SEND,  /* send them */
        CONN_SAY_KEEP,  /* they are kept: nothing is sent yet */
        CONN_SAY_FIRST, /* send conn_first_bytes() and say so by conn_said_first(), then send the rest */
        CONN_SAY_RESET, /* it is over: reset it at both ends */
} ConnSay;

/**
 * conn_say - the sandbox's client says @data.
 *
 * @ret_kept: so many of the @n bytes are kept, and are not to be sent as part of @data.
 */
ConnSay conn_say(ConnTable *t, Conn *c, const Policy *policy, const void *data, size_t n, uint64_t now_ms,
                 size_t *ret_kept);

/** conn_first_bytes - what is kept, of CONN_SAY_FIRST. Valid until conn_said_first(). */
const uint8_t *conn_first_bytes(const Conn *c, size_t *ret_len);

/** conn_said_first - they were @sent, all of them; else the connection is over. */
void conn_said_first(Conn *c, bool sent);
