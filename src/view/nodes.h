/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that the kernel knows of a view, compactly: a payload can make it remember a name for each file
 * of the system. A node has its parent and its own name; no path is stored. A node lives until the kernel has
 * forgotten it and all nodes below it.
 */
#pragma once

#include "base/util.h"

/** The number of a node, as the kernel knows it (FUSE_ROOT_ID is 1). 0: none. */
typedef uint32_t NodeId;

#define NODE_ROOT 1

enum {
        NODE_REGULAR = 1 << 0,
        NODE_DIRECTORY = 1 << 1,
        NODE_UNREADABLE = 1 << 2, /* the user cannot read it: a placeholder is shown */
        NODE_DIRECT = 1 << 3,     /* below a top directory whose overlays take data from the host's files */
        NODE_PROGRAMS = 1 << 4,   /* below a top directory that has the programs of /usr only */
        NODE_REST = 1 << 5,       /* below the top directory that has everything but these */
};

/** One name, at any address: there are many. The caller may change print and flags. */
typedef struct __attribute__((packed)) Node {
        NodeId parent;
        NodeId next;    /* with the same hash */
        uint16_t print; /* identifies the file that had the name (node_print()) */
        uint8_t refs; /* lookups that the kernel has not forgotten, and nodes below; the maximum: it stays */
        uint8_t flags;
        uint8_t len; /* of name */
        char name[]; /* not terminated */
} Node;

typedef struct Nodes Nodes;

/** nodes_new - make a table that has only NODE_ROOT. Returns NULL: no memory. */
Nodes *nodes_new(void);

void nodes_free(Nodes *t);

/** nodes_get - return a node, valid until the next nodes_look_up() or nodes_forget(); NULL: there is none
 * with this number, whatever it is. */
Node *nodes_get(const Nodes *t, uint64_t id);

/**
 * nodes_look_up - count one more lookup of a name, and add it if it is new.
 *
 * @parent: of nodes_get(). @len: of @name, 1 to 255.
 *
 * Returns its number; 0: no memory.
 */
NodeId nodes_look_up(Nodes *t, NodeId parent, const char *name, size_t len);

/** nodes_forget - take back @n lookups of a node. @dropped is called for each node that no longer exists; it
 * may be NULL. An unknown node is ignored. */
void nodes_forget(Nodes *t, uint64_t id, uint64_t n, void (*dropped)(void *userdata, NodeId id),
                  void *userdata);

/**
 * nodes_path - write the path of a node below the @skip highest of its directories, without a leading slash.
 *
 * @room: of @out, which is filled from its end.
 *
 * Returns the path in @out; NULL: it is longer, or it has no more than @skip components.
 */
const char *nodes_path(const Nodes *t, NodeId id, unsigned skip, char *out, size_t room);

/** nodes_memory - return the memory that the table uses, in bytes. */
size_t nodes_memory(const Nodes *t);

/** node_print - return a number that differs for two files with high probability. */
uint16_t node_print(uint64_t dev, uint64_t ino);
