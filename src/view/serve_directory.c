/* SPDX-License-Identifier: Apache-2.0 */
/* Answers the requests about directories. */
#include "view/serve_internal.h"

#include <dirent.h>
#include <fcntl.h>

/* The kernel asks for one page, or a few (Linux 6.13). */
#define ANSWER_MAX ((size_t)64 << 10)

/* Directories are read without opening them first: told so once, the kernel asks no more. */
void serve_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
        (void)ino, (void)fi;
        (void)fuse_reply_err(req, ENOSYS);
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

/* Reads entries, as many as the answer has room for. Returns 1; 0 at the end of the directory; -errno. */
static int fill_batch(fuse_req_t req, NodeId id, int dir, off_t at, size_t room, bool plus, Batch *b)
{
        static char entries[32768] __attribute__((aligned(8)));
        /* An entry of an answer with attributes is larger than that of a directory. */
        size_t size = plus ? room / 4 : room;
        size = size < 1024 ? 1024 : size < sizeof(entries) ? size : sizeof(entries);
        b->len = b->n = 0;
        if (lseek(dir, at, SEEK_SET) < 0)
                return -errno;
        while (b->n < OWNERS_NAMES_MAX) {
                ssize_t got = getdents64(dir, entries, size);
                if (got <= 0)
                        return got < 0 ? -errno : 0;
                for (ssize_t i = 0; i < got;) {
                        const struct dirent64 *e = (const void *)(entries + i);
                        size_t len = strlen(e->d_name) + 1, need = size_of(req, e->d_name, plus);
                        i += e->d_reclen;
                        if (!view_shows(serve_view(req), id, e->d_name))
                                continue;
                        if (need > room || b->len + len > sizeof(b->names) || b->n == OWNERS_NAMES_MAX)
                                return 1;
                        room -= need;
                        memcpy(b->names + b->len, e->d_name, len);
                        b->len += len;
                        b->st[b->n] = (struct stat){.st_ino = e->d_ino, .st_mode = DTTOIF(e->d_type)};
                        b->next[b->n++] = e->d_off;
                }
        }
        return 1;
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
                        serve_entry(v, ids[i], &st[i], &entries[places[i]]);
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

static void list(fuse_req_t req, NodeId id, size_t size, off_t at, bool plus)
{
        static Batch batch;
        static char answer[ANSWER_MAX];
        size_t room = size < sizeof(answer) ? size : sizeof(answer);
        int dir = FD_NONE;
        int r = view_read_fd(serve_view(req), id, true, &dir);
        batch.n = 0;
        if (r == 0 && dir >= 0)
                r = fill_batch(req, id, dir, at, room, plus, &batch);
        if (r < 0 && batch.n == 0)
                (void)fuse_reply_err(req, -r);
        else
                (void)fuse_reply_buf(req, answer, add_entries(req, id, &batch, plus, answer, room));
}

void serve_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t at, struct fuse_file_info *fi)
{
        (void)fi;
        list(req, serve_node(ino), size, at, false);
}

void serve_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t at, struct fuse_file_info *fi)
{
        (void)fi;
        list(req, serve_node(ino), size, at, true);
}
