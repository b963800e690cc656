/* SPDX-License-Identifier: Apache-2.0 */
/* Walks from a node to its file. */
#include "view/tree.h"

#include <fcntl.h>
#include <sys/stat.h>

void tree_init(Tree *t, int lower, Nodes *nodes)
{
        *t = (Tree){.lower = lower, .nodes = nodes};
        for (size_t i = 0; i < TREE_DIRS; i++)
                t->dirs[i].fd = FD_NONE;
        for (size_t i = 0; i < TREE_FILES; i++)
                t->files[i].fd = FD_NONE;
}

static void close_all(TreeOpen open[], size_t n)
{
        for (size_t i = 0; i < n; i++)
                open[i].fd = fd_close(open[i].fd);
}

void tree_clear(Tree *t)
{
        close_all(t->dirs, TREE_DIRS);
        close_all(t->files, TREE_FILES);
}

static void close_one(TreeOpen open[], size_t n, NodeId id)
{
        for (size_t i = 0; i < n; i++)
                if (open[i].id == id)
                        open[i] = (TreeOpen){.fd = fd_close(open[i].fd)};
}

void tree_forget(Tree *t, NodeId id)
{
        close_one(t->dirs, TREE_DIRS, id);
        close_one(t->files, TREE_FILES, id);
}

static int find_open(Tree *t, TreeOpen open[], size_t n, NodeId id)
{
        for (size_t i = 0; i < n; i++)
                if (open[i].id == id) {
                        open[i].used = ++t->clock;
                        return open[i].fd;
                }
        return FD_NONE;
}

/* Keeps @fd in place of the one that was used least recently. */
static void keep(Tree *t, TreeOpen open[], size_t n, NodeId id, int fd)
{
        size_t oldest = 0;
        for (size_t i = 1; i < n; i++)
                if (open[i].used < open[oldest].used)
                        oldest = i;
        fd_close(open[oldest].fd);
        open[oldest] = (TreeOpen){.id = id, .fd = fd, .used = ++t->clock};
}

void tree_keep(Tree *t, NodeId id, int fd)
{
        keep(t, t->files, TREE_FILES, id, fd);
}

int tree_kept(Tree *t, NodeId id)
{
        return find_open(t, t->files, TREE_FILES, id);
}

static void copy_name(const Node *n, char out[256])
{
        memcpy(out, n->name, n->len);
        out[n->len] = '\0';
}

/* The top directories are the lower itself. */
static bool is_top(const Node *n, NodeId id)
{
        return id == NODE_ROOT || n->parent == NODE_ROOT;
}

static int open_in(int dir, const Node *n, int flags, int *ret_fd)
{
        char name[256];
        struct stat st;
        copy_name(n, name);
        CLEANUP_FD int fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                /* A directory of the kernel's that the host has replaced by a file or a link. */
                return (flags & O_DIRECTORY) && (errno == ENOTDIR || errno == ELOOP) ? -ESTALE : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (node_print(st.st_dev, st.st_ino) != n->print)
                return -ESTALE;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int tree_dir(Tree *t, NodeId id, int *ret_fd)
{
        NodeId chain[TREE_DEPTH_MAX];
        size_t n = 0;
        int fd = FD_NONE;
        for (;; id = nodes_get(t->nodes, id)->parent) {
                const Node *node = nodes_get(t->nodes, id);
                if (!node)
                        return -ESTALE;
                fd = is_top(node, id) ? t->lower : find_open(t, t->dirs, TREE_DIRS, id);
                if (fd >= 0)
                        break;
                if (n == TREE_DEPTH_MAX)
                        return -ENAMETOOLONG;
                chain[n++] = id;
        }
        while (n > 0) {
                int next = FD_NONE;
                id = chain[--n];
                int r = open_in(fd, nodes_get(t->nodes, id), O_PATH | O_DIRECTORY, &next);
                if (r < 0)
                        return r;
                keep(t, t->dirs, TREE_DIRS, id, next);
                fd = next;
        }
        *ret_fd = fd;
        return 0;
}

int tree_parent(Tree *t, NodeId id, int *ret_fd, char ret_name[256])
{
        const Node *n = nodes_get(t->nodes, id);
        if (!n)
                return -ESTALE;
        ret_name[0] = '\0';
        if (is_top(n, id)) {
                *ret_fd = t->lower;
                return 0;
        }
        copy_name(n, ret_name);
        return tree_dir(t, n->parent, ret_fd);
}

int tree_open(Tree *t, NodeId id, int flags, int *ret_fd)
{
        int dir = FD_NONE;
        const Node *n = nodes_get(t->nodes, id);
        if (!n)
                return -ESTALE;
        if (is_top(n, id)) {
                int fd = openat(t->lower, ".", flags | O_NONBLOCK | O_CLOEXEC);
                if (fd < 0)
                        return -errno;
                *ret_fd = fd;
                return 0;
        }
        int r = tree_dir(t, n->parent, &dir);
        return r < 0 ? r : open_in(dir, n, flags | O_NONBLOCK | O_NOCTTY, ret_fd);
}
