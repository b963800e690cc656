/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the names that the kernel knows of a view: an arena of nodes, found by a hash of parent and name. */
#include "view/nodes.h"

#include <limits.h>

/* A node's number is its place in the arena, in bytes. */
#define CHUNK_SIZE 65536U
#define NODE_SIZE(len) ((uint32_t)offsetof(Node, name) + (len))
#define BUCKETS_MIN 1024U
/* Before there are twice as many buckets: a longer list costs less than the memory of a shorter one. */
#define NODES_PER_BUCKET 4U
/* A node that was counted so often stays: there are not more such nodes than files, and most have few
 * lookups. */
#define REFS_MAX UINT8_MAX

struct Nodes {
        char **chunks;
        size_t n_chunks, room_chunks;
        uint32_t used;              /* bytes, of all chunks */
        NodeId free[UINT8_MAX + 1]; /* by length of name: lists, by Node.next */
        NodeId *buckets;
        uint32_t n_buckets; /* a power of two */
        uint32_t n_nodes;
};

static Node *at(const Nodes *t, NodeId id)
{
        return (Node *)(void *)(t->chunks[id / CHUNK_SIZE] + id % CHUNK_SIZE);
}

static uint32_t mix(uint32_t h, const void *data, size_t len)
{
        for (const unsigned char *p = data; len > 0; len--)
                h = (h ^ *p++) * 0x01000193U;
        return h ^ (h >> 15);
}

static uint32_t hash(NodeId parent, const char *name, size_t len)
{
        return mix(mix(0x811c9dc5U, &parent, sizeof(parent)), name, len);
}

uint16_t node_print(uint64_t dev, uint64_t ino)
{
        uint32_t h = mix(mix(0x811c9dc5U, &dev, sizeof(dev)), &ino, sizeof(ino));
        return (uint16_t)(h ^ h >> 16);
}

static NodeId *bucket(const Nodes *t, NodeId parent, const char *name, size_t len)
{
        return &t->buckets[hash(parent, name, len) & (t->n_buckets - 1)];
}

/* The list stays correct if there is no memory: it only becomes slower. */
static void grow_buckets(Nodes *t)
{
        Nodes old = *t;
        if (t->n_nodes < NODES_PER_BUCKET * t->n_buckets || t->n_buckets > UINT32_MAX / 4)
                return;
        t->n_buckets = 2 * old.n_buckets;
        t->buckets = calloc(t->n_buckets, sizeof(*t->buckets));
        if (!t->buckets) {
                *t = old;
                return;
        }
        for (uint32_t i = 0; i < old.n_buckets; i++)
                for (NodeId id = old.buckets[i], next; id != 0; id = next) {
                        Node *n = at(t, id);
                        next = n->next;
                        NodeId *b = bucket(t, n->parent, n->name, n->len);
                        n->next = *b;
                        *b = id;
                }
        free(old.buckets);
}

/* A node does not cross the end of a chunk: the rest of a chunk that is too small stays unused. */
static NodeId take_place(Nodes *t, size_t len)
{
        if (t->free[len] != 0) {
                NodeId id = t->free[len];
                t->free[len] = at(t, id)->next;
                return id;
        }
        if (t->n_chunks * CHUNK_SIZE - t->used < NODE_SIZE(len)) {
                if (t->n_chunks >= UINT32_MAX / CHUNK_SIZE)
                        return 0;
                if (t->n_chunks == t->room_chunks) {
                        size_t room = t->room_chunks ? 2 * t->room_chunks : 16;
                        char **chunks = realloc(t->chunks, room * sizeof(*chunks));
                        if (!chunks)
                                return 0;
                        t->chunks = chunks;
                        t->room_chunks = room;
                }
                char *chunk = calloc(CHUNK_SIZE, 1);
                if (!chunk)
                        return 0;
                /* Number 0 is none, and the root follows it. */
                t->used = t->n_chunks == 0 ? NODE_ROOT : (uint32_t)(t->n_chunks * CHUNK_SIZE);
                t->chunks[t->n_chunks++] = chunk;
        }
        NodeId id = t->used;
        t->used += NODE_SIZE(len);
        return id;
}

Nodes *nodes_new(void)
{
        Nodes *t = calloc(1, sizeof(*t));
        if (!t || !(t->buckets = calloc(BUCKETS_MIN, sizeof(*t->buckets)))) {
                free(t);
                return NULL;
        }
        t->n_buckets = BUCKETS_MIN;
        if (take_place(t, 0) != NODE_ROOT) {
                nodes_free(t);
                return NULL;
        }
        *at(t, NODE_ROOT) = (Node){.refs = REFS_MAX, .flags = NODE_DIRECTORY};
        return t;
}

void nodes_free(Nodes *t)
{
        if (!t)
                return;
        for (size_t i = 0; i < t->n_chunks; i++)
                free(t->chunks[i]);
        free(t->chunks);
        free(t->buckets);
        free(t);
}

/* The number may lead anywhere into the arena: it is that of a node if the list of the hash of what is there
 * has it. */
Node *nodes_get(const Nodes *t, uint64_t id)
{
        if (id == NODE_ROOT)
                return at(t, NODE_ROOT);
        if (id == 0 || id >= t->used || CHUNK_SIZE - id % CHUNK_SIZE < NODE_SIZE(0))
                return NULL;
        Node *n = at(t, (NodeId)id);
        if (CHUNK_SIZE - id % CHUNK_SIZE < NODE_SIZE(n->len))
                return NULL;
        NodeId other = *bucket(t, n->parent, n->name, n->len);
        while (other != 0 && other != id)
                other = at(t, other)->next;
        return other == id ? n : NULL;
}

static void hold(Nodes *t, NodeId id)
{
        Node *n = at(t, id);
        if (n->refs < REFS_MAX)
                n->refs++;
}

NodeId nodes_look_up(Nodes *t, NodeId parent, const char *name, size_t len)
{
        if (len == 0 || len > UINT8_MAX)
                return 0;
        NodeId id = *bucket(t, parent, name, len);
        for (; id != 0; id = at(t, id)->next) {
                const Node *n = at(t, id);
                if (n->parent == parent && n->len == len && memcmp(n->name, name, len) == 0) {
                        hold(t, id);
                        return id;
                }
        }
        id = take_place(t, len);
        if (id == 0)
                return 0;
        grow_buckets(t);
        NodeId *b = bucket(t, parent, name, len);
        Node *n = at(t, id);
        *n = (Node){.parent = parent, .next = *b, .refs = 1, .len = (uint8_t)len};
        memcpy(n->name, name, len);
        *b = id;
        t->n_nodes++;
        hold(t, parent);
        return id;
}

static void drop(Nodes *t, NodeId id)
{
        Node *n = at(t, id);
        NodeId *first = bucket(t, n->parent, n->name, n->len);
        if (*first == id) {
                *first = n->next;
        } else {
                Node *before = at(t, *first);
                while (before->next != id)
                        before = at(t, before->next);
                before->next = n->next;
        }
        n->next = t->free[n->len];
        t->free[n->len] = id;
        t->n_nodes--;
}

void nodes_forget(Nodes *t, uint64_t id, uint64_t n, void (*dropped)(void *userdata, NodeId id),
                  void *userdata)
{
        Node *node = nodes_get(t, id);
        while (node && node->refs != REFS_MAX) {
                NodeId self = (NodeId)id, parent = node->parent;
                node->refs = n < node->refs ? (uint8_t)(node->refs - n) : 0;
                if (node->refs > 0)
                        return;
                drop(t, self);
                if (dropped)
                        dropped(userdata, self);
                /* It was one reference to its parent. */
                id = parent;
                n = 1;
                node = nodes_get(t, id);
        }
}

const char *nodes_path(const Nodes *t, NodeId id, unsigned skip, char *out, size_t room)
{
        unsigned depth = 0;
        size_t i = room;
        /* A path of more names does not fit. */
        for (NodeId up = id; up != NODE_ROOT && depth < room; up = at(t, up)->parent)
                depth++;
        if (depth <= skip || depth >= room)
                return NULL;
        out[--i] = '\0';
        for (; depth > skip; depth--, id = at(t, id)->parent) {
                const Node *n = at(t, id);
                size_t need = n->len + (out[i] != '\0' ? 1U : 0U);
                if (need > i)
                        return NULL;
                if (out[i] != '\0')
                        out[--i] = '/';
                i -= n->len;
                memcpy(out + i, n->name, n->len);
        }
        return out + i;
}

size_t nodes_memory(const Nodes *t)
{
        return sizeof(*t) + t->n_chunks * CHUNK_SIZE + t->room_chunks * sizeof(*t->chunks) +
               t->n_buckets * sizeof(*t->buckets);
}
