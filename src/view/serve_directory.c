/* SPDX-License-Identifier: Apache-2.0 */
/* Answers the requests about directories. */
#include "view/serve_internal.h"

#include <fcntl.h>

/* The kernel asks for one page, or a few (Linux 6.13). */
#define ANSWER_MAX ((size_t)64 << 10)

static int open_stream(View *v, NodeId id, DIR **ret)
{
        const Node *n = nodes_get(v->nodes, id);
        int fd = FD_NONE;
        if (!n)
                return -ESTALE;
        if (!(n->flags & NODE_DIRECTORY))
                return -ENOTDIR;
        if (id == NODE_ROOT)
                return -EACCES;
        if (n->flags & NODE_UNREADABLE)
                return 0;
        int r = tree_open(&v->tree, id, O_RDONLY | O_DIRECTORY, &fd);
        if (r < 0)
                return r;
        *ret = fdopendir(fd);
        if (*ret)
                return 0;
        r = -errno;
        fd_close(fd);
        return r;
}

void serve_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
        DIR *stream = NULL;
        int r = open_stream(serve_view(req), serve_node(ino), &stream);
        if (r == 0 && (fi->fh = handle_add(HANDLE_DIRECTORY, FD_NONE, stream)) == 0) {
                if (stream)
                        (void)closedir(stream);
                r = -ENOMEM;
        }
        if (r < 0) {
                (void)fuse_reply_err(req, -r);
                return;
        }
        const uint64_t number = fi->fh;
        fi->keep_cache = fi->cache_readdir = 1;
        if (fuse_reply_open(req, fi) == -ENOENT)
                handle_drop(handle_get(HANDLE_DIRECTORY, number));
}

void serve_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
        Handle *h = handle_get(HANDLE_DIRECTORY, fi->fh);
        (void)ino;
        if (h)
                handle_drop(h);
        (void)fuse_reply_err(req, 0);
}

/* Entries of a directory for one answer. */
typedef struct Batch {
        char names[OWNERS_TEXT_MAX]; /* each with its terminating 0 */
        size_t len, n;
        struct stat st[OWNERS_NAMES_MAX]; /* type and number, as the directory has them */
        off_t next[OWNERS_NAMES_MAX];     /* the position after it */
} Batch;

static bool is_dots(const char *name)
{
        return str_eq(name, ".") || str_eq(name, "..");
}

static size_t size_of(fuse_req_t req, const char *name, bool plus)
{
        return plus ? fuse_add_direntry_plus(req, NULL, 0, name, NULL, 0)
                    : fuse_add_direntry(req, NULL, 0, name, NULL, 0);
}

/* Reads entries, as many as the answer has room for. */
static int fill_batch(fuse_req_t req, Handle *d, size_t room, bool plus, Batch *b)
{
        b->len = b->n = 0;
        while (b->n < OWNERS_NAMES_MAX) {
                off_t before = d->at;
                errno = 0;
                const struct dirent *e = readdir(d->stream);
                if (!e)
                        return -errno;
                size_t len = strlen(e->d_name) + 1, need = size_of(req, e->d_name, plus);
                if (need > room || b->len + len > sizeof(b->names)) {
                        seekdir(d->stream, before);
                        return 0;
                }
                room -= need;
                memcpy(b->names + b->len, e->d_name, len);
                b->len += len;
                b->st[b->n] = (struct stat){.st_ino = e->d_ino, .st_mode = DTTOIF(e->d_type)};
                d->at = b->next[b->n] = e->d_off;
                b->n++;
        }
        return 0;
}

/* Looks up the names of a batch but "." and "..". What cannot be looked up is listed without attributes, and
 * an error is the answer when the kernel asks for it. */
static void look_up_batch(View *v, NodeId parent, const Batch *b, struct fuse_entry_param entries[])
{
        static char names[OWNERS_TEXT_MAX];
        static struct stat st[OWNERS_NAMES_MAX];
        NodeId ids[OWNERS_NAMES_MAX] = {0};
        int errors[OWNERS_NAMES_MAX] = {0};
        size_t places[OWNERS_NAMES_MAX], len = 0, n = 0, i = 0;
        for (const char *name = b->names; i < b->n; name += strlen(name) + 1, i++) {
                entries[i] = (struct fuse_entry_param){.attr = b->st[i]};
                if (is_dots(name))
                        continue;
                memcpy(names + len, name, strlen(name) + 1);
                len += strlen(name) + 1;
                places[n++] = i;
        }
        if (n == 0 || view_look_up(v, parent, names, len, n, ids, st, errors) < 0)
                return;
        for (i = 0; i < n; i++)
                if (ids[i] != 0)
                        serve_entry(ids[i], &st[i], &entries[places[i]]);
}

static size_t add_entries(fuse_req_t req, NodeId id, const Batch *b, bool plus, char *out, size_t room)
{
        static struct fuse_entry_param entries[OWNERS_NAMES_MAX];
        size_t used = 0, i = 0;
        if (plus)
                look_up_batch(serve_view(req), id, b, entries);
        for (const char *name = b->names; i < b->n; name += strlen(name) + 1, i++)
                used += plus ? fuse_add_direntry_plus(req, out + used, room - used, name, &entries[i],
                                                      b->next[i])
                             : fuse_add_direntry(req, out + used, room - used, name, &b->st[i], b->next[i]);
        return used;
}

static void list(fuse_req_t req, NodeId id, size_t size, off_t at, uint64_t fh, bool plus)
{
        static Batch batch;
        static char answer[ANSWER_MAX];
        Handle *d = handle_get(HANDLE_DIRECTORY, fh);
        size_t room = size < sizeof(answer) ? size : sizeof(answer);
        if (!d) {
                (void)fuse_reply_err(req, EBADF);
                return;
        }
        if (!d->stream) {
                (void)fuse_reply_buf(req, NULL, 0);
                return;
        }
        if (at == 0)
                rewinddir(d->stream);
        else if (at != d->at)
                seekdir(d->stream, at);
        d->at = at;
        int r = fill_batch(req, d, room, plus, &batch);
        if (r < 0 && batch.n == 0)
                (void)fuse_reply_err(req, -r);
        else
                (void)fuse_reply_buf(req, answer, add_entries(req, id, &batch, plus, answer, room));
}

void serve_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t at, struct fuse_file_info *fi)
{
        list(req, serve_node(ino), size, at, fi->fh, false);
}

void serve_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t at, struct fuse_file_info *fi)
{
        list(req, serve_node(ino), size, at, fi->fh, true);
}
