/* SPDX-License-Identifier: Apache-2.0 */
/* Finds files of the lower and their attributes. */
#include "view/files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

static const struct {
        const char *name;
        uint8_t flags;
} tops[] = {
        {VIEW_DIRECT, NODE_DIRECTORY | NODE_DIRECT},
        {VIEW_THROUGH, NODE_DIRECTORY},
        {VIEW_PROGRAMS, NODE_DIRECTORY | NODE_PROGRAMS | NODE_DIRECT},
        {VIEW_PROGRAMS_THROUGH, NODE_DIRECTORY | NODE_PROGRAMS},
        {VIEW_REST, NODE_DIRECTORY | NODE_REST},
};

/* The directories of /usr with large files, which many processes share. */
static const char *const program_dirs[] = {"bin",   "sbin",   "lib",     "lib32",
                                           "lib64", "libx32", "libexec", "local"};

int view_init(View *v, int lower, int placeholders, int owners, const char *uid_map, const char *gid_map)
{
        struct stat st = {0};
        *v = (View){.lower = lower, .placeholders = placeholders, .owners = owners, .nodes = nodes_new()};
        tree_init(&v->tree, lower, v->nodes);
        if (!v->nodes)
                return -ENOMEM;
        int r = ids_parse(uid_map, &v->uids);
        if (r == 0)
                r = ids_parse(gid_map, &v->gids);
        if (r == 0 && fstat(lower, &st) < 0)
                r = -errno;
        if (r < 0)
                return r;
        v->devices[v->n_devices++] = st.st_dev;
        for (size_t i = 0; i < ARRAY_LEN(tops); i++) {
                /* They are never forgotten. */
                NodeId id = nodes_look_up(v->nodes, NODE_ROOT, tops[i].name, strlen(tops[i].name));
                if (id == 0)
                        return -ENOMEM;
                nodes_get(v->nodes, id)->flags = tops[i].flags;
        }
        return 0;
}

void view_clear(View *v)
{
        tree_clear(&v->tree);
        nodes_free(v->nodes);
        v->nodes = NULL;
}

/* Asks for owners. Without the process that knows them there is no view: this one exits, and kurung says so.
 */
static int ask(const View *v, int dir, const char *names, size_t len, size_t n, OwnersAnswer *ret)
{
        int r = owners_ask(v->owners, dir, names, len, n, ret);
        if (r == -EPIPE || r == -EPROTO) {
                (void)dprintf(2, "the process that knows the owners of files exited\n");
                /* A sanitizer's _exit() makes calls that the filter refuses. */
                (void)syscall(SYS_exit_group, EXIT_FAILURE);
        }
        return r;
}

/* The view is one file system, and two files with the same number would be taken for one. */
static uint64_t number_of(View *v, dev_t dev, uint64_t ino)
{
        size_t i = 0;
        while (i < v->n_devices && v->devices[i] != dev)
                i++;
        if (i == DEVICES_MAX)
                i--;
        else if (i == v->n_devices)
                v->devices[v->n_devices++] = dev;
        return ino ^ (uint64_t)i << 56;
}

/* Returns whether the user cannot read a file. The system has few whose mode is not enough to know. */
static bool is_unreadable(int dir, const char *name, unsigned mode)
{
        unsigned all = S_ISDIR(mode) ? 0555 : 0444;
        if ((!S_ISDIR(mode) && !S_ISREG(mode)) || (mode & all) == all)
                return false;
        return faccessat(dir, name, S_ISDIR(mode) ? R_OK | X_OK : R_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) < 0;
}

static int placeholder(const View *v, NodeId id, int flags, int *ret_fd)
{
        char room[PATH_MAX];
        const char *path = nodes_path(v->nodes, id, 1, room, sizeof(room));
        if (!path || v->placeholders < 0)
                return -ENOENT;
        int fd = openat(v->placeholders, path, flags | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

static struct timespec time_of(struct statx_timestamp t)
{
        return (struct timespec){.tv_sec = t.tv_sec, .tv_nsec = t.tv_nsec};
}

static void show(View *v, NodeId id, const OwnersAnswer *a, struct stat *ret)
{
        const Node *n = nodes_get(v->nodes, id);
        *ret = (struct stat){.st_dev = makedev(a->dev_major, a->dev_minor),
                             .st_ino = number_of(v, makedev(a->dev_major, a->dev_minor), a->ino),
                             .st_mode = a->mode,
                             .st_nlink = a->nlink,
                             .st_uid = ids_show(&v->uids, a->uid),
                             .st_gid = ids_show(&v->gids, a->gid),
                             .st_rdev = makedev(a->rdev_major, a->rdev_minor),
                             .st_size = (off_t)a->size,
                             .st_blksize = (blksize_t)a->block_size,
                             .st_blocks = (blkcnt_t)a->blocks,
                             .st_atim = time_of(a->atime),
                             .st_mtim = time_of(a->mtime),
                             .st_ctim = time_of(a->ctime)};
        if (!(n->flags & NODE_UNREADABLE))
                return;
        CLEANUP_FD int fd = FD_NONE;
        struct stat st = {0};
        if (S_ISREG(a->mode) && placeholder(v, id, O_PATH, &fd) == 0)
                (void)fstat(fd, &st);
        ret->st_mode = (a->mode & S_IFMT) | (a->mode & (S_ISDIR(a->mode) ? 01777 : 0777));
        ret->st_size = st.st_size;
        ret->st_blocks = st.st_blocks;
}

bool view_shows(const View *v, NodeId parent, const char *name)
{
        const Node *n = nodes_get(v->nodes, parent);
        if (!n || !(n->flags & (NODE_PROGRAMS | NODE_REST)))
                return true;
        bool programs = n->flags & NODE_PROGRAMS;
        if (n->parent == NODE_ROOT)
                return str_eq(name, "usr") || str_eq(name, "opt") == programs;
        const Node *up = nodes_get(v->nodes, n->parent);
        if (!up || up->parent != NODE_ROOT || n->len != 3 || memcmp(n->name, "usr", 3) != 0)
                return true;
        return str_in(name, program_dirs, ARRAY_LEN(program_dirs)) == programs;
}

/* Adds or renews the node of one name. A file that has replaced another takes its node over: the kernel then
 * sees the new attributes with the old number, as after any change. */
static NodeId take_name(View *v, NodeId parent, int dir, const char *name, const OwnersAnswer *a,
                        struct stat *ret)
{
        const Node *up = nodes_get(v->nodes, parent);
        unsigned inherited = up->flags & (NODE_DIRECT | NODE_PROGRAMS | NODE_REST);
        /* The data layer beside the programs is /usr. */
        if ((inherited & NODE_PROGRAMS) && up->parent == NODE_ROOT && !str_eq(name, "usr"))
                inherited &= ~(unsigned)NODE_DIRECT;
        NodeId id = nodes_look_up(v->nodes, parent, name, strlen(name));
        if (id == 0)
                return 0;
        Node *n = nodes_get(v->nodes, id);
        uint16_t print = node_print(makedev(a->dev_major, a->dev_minor), a->ino);
        if (n->print != print)
                tree_forget(&v->tree, id);
        n->print = print;
        n->flags = (uint8_t)(inherited | (S_ISREG(a->mode) ? NODE_REGULAR : 0U) |
                             (S_ISDIR(a->mode) ? NODE_DIRECTORY : 0U) |
                             (is_unreadable(dir, name, a->mode) ? NODE_UNREADABLE : 0U));
        show(v, id, a, ret);
        return id;
}

static int take_top(View *v, const char *name, NodeId *ret_id, struct stat *ret)
{
        size_t i = 0;
        while (i < ARRAY_LEN(tops) && !str_eq(name, tops[i].name))
                i++;
        if (i == ARRAY_LEN(tops))
                return -ENOENT;
        NodeId id = nodes_look_up(v->nodes, NODE_ROOT, name, strlen(name));
        int r = id == 0 ? -ENOMEM : view_stat(v, id, ret);
        if (r == 0)
                *ret_id = id;
        else if (id != 0)
                nodes_forget(v->nodes, id, 1, NULL, NULL);
        return r;
}

int view_look_up(View *v, NodeId parent, const char *names, size_t len, size_t n, NodeId *ret_ids,
                 struct stat *ret, int *ret_errors)
{
        OwnersAnswer answers[OWNERS_NAMES_MAX] = {{0}};
        const Node *node = nodes_get(v->nodes, parent);
        const char *name = names;
        int dir = FD_NONE;
        if (!node || n > OWNERS_NAMES_MAX)
                return -ESTALE;
        if (!(node->flags & NODE_DIRECTORY))
                return -ENOTDIR;
        /* A directory that the user cannot read is empty. */
        if (node->flags & NODE_UNREADABLE)
                return -ENOENT;
        if (n == 1 && !view_shows(v, parent, names))
                return -ENOENT;
        if (parent != NODE_ROOT) {
                int r = tree_dir(&v->tree, parent, &dir);
                if (r == 0)
                        r = ask(v, dir, names, len, n, answers);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < n; i++, name += strlen(name) + 1) {
                ret_ids[i] = 0;
                if (parent == NODE_ROOT)
                        ret_errors[i] = take_top(v, name, &ret_ids[i], &ret[i]);
                else if (answers[i].error != 0)
                        ret_errors[i] = -answers[i].error;
                else if ((ret_ids[i] = take_name(v, parent, dir, name, &answers[i], &ret[i])) == 0)
                        ret_errors[i] = -ENOMEM;
                else
                        ret_errors[i] = 0;
        }
        return 0;
}

int view_stat(View *v, NodeId id, struct stat *ret)
{
        char name[256];
        OwnersAnswer a = {0};
        int dir = FD_NONE;
        int r = tree_parent(&v->tree, id, &dir, name);
        if (r == 0)
                r = ask(v, dir, name, strlen(name) + 1, 1, &a);
        if (r < 0)
                return r;
        if (a.error != 0)
                return -a.error;
        if (name[0] && node_print(makedev(a.dev_major, a.dev_minor), a.ino) != nodes_get(v->nodes, id)->print)
                return -ESTALE;
        show(v, id, &a, ret);
        return 0;
}

int view_open(View *v, NodeId id, int *ret_fd)
{
        const Node *n = nodes_get(v->nodes, id);
        if (!n)
                return -ESTALE;
        if (!(n->flags & NODE_REGULAR))
                return n->flags & NODE_DIRECTORY ? -EISDIR : -ENXIO;
        if (!(n->flags & NODE_UNREADABLE))
                return tree_open(&v->tree, id, O_RDONLY, ret_fd);
        int r = placeholder(v, id, O_RDONLY, ret_fd);
        return r == -ENOENT ? 0 : r;
}

int view_read_fd(View *v, NodeId id, bool directory, int *ret_fd)
{
        const Node *n = nodes_get(v->nodes, id);
        int fd = FD_NONE, r = 0;
        if (!n)
                return -ESTALE;
        if (directory && !(n->flags & NODE_DIRECTORY))
                return -ENOTDIR;
        if (id == NODE_ROOT)
                return -EACCES;
        if ((fd = tree_kept(&v->tree, id)) < 0) {
                if (!directory)
                        r = view_open(v, id, &fd);
                else if (!(n->flags & NODE_UNREADABLE))
                        r = tree_open(&v->tree, id, O_RDONLY | O_DIRECTORY, &fd);
                if (r < 0)
                        return r;
                if (fd >= 0)
                        tree_keep(&v->tree, id, fd);
        }
        *ret_fd = fd;
        return 0;
}

static void dropped(void *userdata, NodeId id)
{
        tree_forget(userdata, id);
}

void view_forget(View *v, uint64_t id, uint64_t n)
{
        nodes_forget(v->nodes, id, n, dropped, &v->tree);
}
