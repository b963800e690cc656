/* SPDX-License-Identifier: Apache-2.0 */
/* Answers the requests about files. libfuse answers those that are not listed with ENOSYS. */
#include "view/serve.h"

#include "view/serve_internal.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

/* The kernel asks for no more than one piece of this size (FUSE_MAX_MAX_PAGES). */
#define READ_MAX ((size_t)1 << 20)

View *serve_view(fuse_req_t req)
{
        return fuse_req_userdata(req);
}

NodeId serve_node(fuse_ino_t ino)
{
        return ino <= UINT32_MAX ? (NodeId)ino : 0;
}

void serve_entry(const View *v, NodeId id, const struct stat *st, struct fuse_entry_param *ret)
{
        const Node *n = nodes_get(v->nodes, id);
        *ret = (struct fuse_entry_param){.ino = id,
                                         .attr = *st,
                                         .attr_timeout = SERVE_TIMEOUT,
                                         .entry_timeout = n && (n->flags & NODE_REST) ? SERVE_REST_TIMEOUT
                                                                                      : SERVE_TIMEOUT};
}

static void fail(fuse_req_t req, int r)
{
        (void)fuse_reply_err(req, -r);
}

static bool is_of_rest(fuse_req_t req, fuse_ino_t ino)
{
        const Node *n = nodes_get(serve_view(req)->nodes, ino);
        return n && (n->flags & NODE_REST);
}

static void init(void *userdata, struct fuse_conn_info *conn)
{
        /* Whoever lists a directory also looks at its files, or at least the overlay does: each answer to a
         * list has their attributes. */
        const unsigned wanted = FUSE_CAP_READDIRPLUS | FUSE_CAP_ASYNC_READ | FUSE_CAP_PARALLEL_DIROPS |
                                FUSE_CAP_CACHE_SYMLINKS;
        (void)userdata;
        conn->want = conn->capable & wanted;
}

static void lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
        struct fuse_entry_param e = {.entry_timeout = SERVE_TIMEOUT};
        struct stat st;
        NodeId id = 0;
        int error = 0;
        size_t len = strnlen(name, NAME_MAX + 1);
        if (len > NAME_MAX) {
                fail(req, -ENAMETOOLONG);
                return;
        }
        if (len == 0 || strchr(name, '/') || str_eq(name, ".") || str_eq(name, "..")) {
                fail(req, -EINVAL);
                return;
        }
        int r = view_look_up(serve_view(req), serve_node(parent), name, len + 1, 1, &id, &st, &error);
        if (r == 0)
                r = error;
        if (r == 0)
                serve_entry(serve_view(req), id, &st, &e);
        /* Without a number: the kernel remembers that there is no such name. */
        if (r == 0 || r == -ENOENT)
                r = fuse_reply_entry(req, &e);
        else
                fail(req, r);
        /* Nobody waits for the answer any more. */
        if (r == -ENOENT && id != 0)
                view_forget(serve_view(req), id, 1);
}

static void forget(fuse_req_t req, fuse_ino_t ino, uint64_t n)
{
        view_forget(serve_view(req), ino, n);
        fuse_reply_none(req);
}

static void forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
        for (size_t i = 0; i < count; i++)
                view_forget(serve_view(req), forgets[i].ino, forgets[i].nlookup);
        fuse_reply_none(req);
}

static void getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
        struct stat st;
        (void)fi;
        int r = view_stat(serve_view(req), serve_node(ino), &st);
        if (r < 0)
                fail(req, r);
        else
                (void)fuse_reply_attr(req, &st, SERVE_TIMEOUT);
}

static void read_link(fuse_req_t req, fuse_ino_t ino)
{
        char name[256], target[PATH_MAX];
        int dir = FD_NONE;
        ssize_t len = tree_parent(&serve_view(req)->tree, serve_node(ino), &dir, name);
        if (len == 0 && (len = readlinkat(dir, name, target, sizeof(target))) < 0)
                len = -errno;
        if (len >= (ssize_t)sizeof(target))
                len = -ENAMETOOLONG;
        if (len < 0) {
                fail(req, (int)len);
                return;
        }
        target[len] = '\0';
        (void)fuse_reply_readlink(req, target);
}

/* Of a file of the rest, the kernel reads without opening it first (view/files.h). */
static void open_file(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
        int fd = FD_NONE;
        int r = (fi->flags & O_ACCMODE) != O_RDONLY || (fi->flags & O_TRUNC) ? -EROFS
                : is_of_rest(req, ino)                                       ? -ENOSYS
                                       : view_open(serve_view(req), serve_node(ino), &fd);
        if (r < 0) {
                fail(req, r);
                return;
        }
        fi->fh = handle_add(fd);
        fi->keep_cache = 1;
        if (fi->fh == 0) {
                fd_close(fd);
                fail(req, -ENOMEM);
                return;
        }
        const uint64_t number = fi->fh;
        if (fuse_reply_open(req, fi) == -ENOENT)
                handle_drop(number);
}

static void read_file(fuse_req_t req, fuse_ino_t ino, size_t size, off_t at, struct fuse_file_info *fi)
{
        struct fuse_bufvec data = FUSE_BUFVEC_INIT(size < READ_MAX ? size : READ_MAX);
        int fd = FD_NONE;
        int r = at < 0                 ? -EBADF
                : is_of_rest(req, ino) ? view_read_fd(serve_view(req), serve_node(ino), false, &fd)
                                       : handle_get(fi->fh, &fd);
        if (r < 0) {
                fail(req, r);
                return;
        }
        if (fd < 0 || size == 0) {
                (void)fuse_reply_buf(req, NULL, 0);
                return;
        }
        data.buf[0].flags = (enum fuse_buf_flags)(FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK);
        data.buf[0].fd = fd;
        data.buf[0].pos = at;
        (void)fuse_reply_data(req, &data, FUSE_BUF_NO_SPLICE);
}

static void release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
        (void)ino;
        handle_drop(fi->fh);
        fail(req, 0);
}

static void stat_fs(fuse_req_t req, fuse_ino_t ino)
{
        struct statvfs st;
        (void)ino;
        if (fstatvfs(serve_view(req)->lower, &st) < 0)
                fail(req, -errno);
        else
                (void)fuse_reply_statfs(req, &st);
}

/* Sends an attribute, or its length if @size is 0. */
static void reply_attribute(fuse_req_t req, ssize_t len, const char *value, size_t size)
{
        if (len < 0)
                fail(req, (int)len);
        else if (size == 0)
                (void)fuse_reply_xattr(req, (size_t)len);
        else
                (void)fuse_reply_buf(req, value, (size_t)len);
}

static void get_xattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
        size_t room = size < XATTR_SIZE_MAX ? size : XATTR_SIZE_MAX;
        CLEANUP_FREE char *value = malloc(room + 1);
        ssize_t len = !value ? -ENOMEM
                      : strnlen(name, XATTR_NAME_MAX + 1) > XATTR_NAME_MAX
                              ? -ERANGE
                              : view_attribute(serve_view(req), serve_node(ino), name, value, room);
        reply_attribute(req, len, value, room);
}

/* The overlay knows the names that it asks for. */
static void list_xattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
        reply_attribute(req, is_of_rest(req, ino) ? -ENOSYS : 0, NULL, size);
}

/* The kernel checks the modes itself (default_permissions). */
static void check_access(fuse_req_t req, fuse_ino_t ino, int mask)
{
        (void)ino;
        fail(req, mask & W_OK ? -EROFS : 0);
}

/* Nothing is known of any file. To the overlay ENOTTY means that it has no flags to copy up. */
static void control(fuse_req_t req, fuse_ino_t ino, int command, void *arg, struct fuse_file_info *fi,
                    unsigned flags, const void *in, size_t in_size, size_t out_size)
{
        (void)ino, (void)command, (void)arg, (void)fi, (void)flags, (void)in, (void)in_size, (void)out_size;
        fail(req, -ENOTTY);
}

static const struct fuse_lowlevel_ops requests = {
        .init = init,
        .lookup = lookup,
        .forget = forget,
        .forget_multi = forget_multi,
        .getattr = getattr,
        .readlink = read_link,
        .open = open_file,
        .read = read_file,
        .release = release,
        .opendir = serve_opendir,
        .readdir = serve_readdir,
        .readdirplus = serve_readdirplus,
        .statfs = stat_fs,
        .getxattr = get_xattr,
        .listxattr = list_xattr,
        .access = check_access,
        .ioctl = control,
};

struct fuse_session *serve_open(int device, View *v, Error *err)
{
        char name[] = "kurung-view", path[32];
        char *argv[] = {name, NULL};
        struct fuse_args args = FUSE_ARGS_INIT(1, argv);
        struct fuse_session *session = fuse_session_new(&args, &requests, sizeof(requests), v);
        fuse_opt_free_args(&args);
        (void)snprintf(path, sizeof(path), "/dev/fd/%d", device);
        /* One process reads from several devices. */
        if (session && fcntl(device, F_SETFL, O_RDWR | O_NONBLOCK) == 0 &&
            fuse_session_mount(session, path) == 0)
                return session;
        if (session)
                fuse_session_destroy(session);
        (void)error_set(err, EIO, "libfuse cannot use the device");
        return NULL;
}

/* Returns 1 if a request was served or there is none; 0: the file system was unmounted; -errno. */
static int serve_one(struct fuse_session *session, struct fuse_buf *buf)
{
        int r = fuse_session_receive_buf(session, buf);
        if (r <= 0)
                return r == -EAGAIN || r == -EINTR ? 1 : r;
        fuse_session_process_buf(session, buf);
        return 1;
}

int serve_run(struct fuse_session *const sessions[], size_t n)
{
        struct fuse_buf bufs[SERVE_SESSIONS_MAX] = {{0}};
        struct pollfd ready[SERVE_SESSIONS_MAX];
        size_t left = n;
        int r = 0;
        for (size_t i = 0; i < n; i++)
                ready[i] = (struct pollfd){.fd = fuse_session_fd(sessions[i]), .events = POLLIN};
        while (left > 0 && r >= 0) {
                if (poll(ready, n, -1) < 0 && errno != EINTR)
                        r = -errno;
                for (size_t i = 0; r >= 0 && i < n; i++) {
                        if (ready[i].fd < 0 || ready[i].revents == 0)
                                continue;
                        r = serve_one(sessions[i], &bufs[i]);
                        if (r == 0) {
                                ready[i].fd = -1;
                                left--;
                        }
                }
        }
        for (size_t i = 0; i < n; i++)
                free(bufs[i].mem);
        return r < 0 ? r : 0;
}

void serve_close(struct fuse_session *session)
{
        handles_clear();
        fuse_session_destroy(session);
}
