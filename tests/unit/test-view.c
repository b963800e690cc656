/* SPDX-License-Identifier: Apache-2.0 */
/* The view: its names, its owners, and its answers to requests, those that a kernel sends and others. */
#include "unit.h"

#include "base/fds.h"
#include "view/files.h"
#include "view/serve.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static size_t dropped_nodes;

static void count_dropped(void *userdata, NodeId id)
{
        (void)userdata;
        (void)id;
        dropped_nodes++;
}

static NodeId named(Nodes *t, NodeId parent, const char *name)
{
        return nodes_look_up(t, parent, name, strlen(name));
}

static void a_name_has_one_node(void **state)
{
        (void)state;
        Nodes *t = nodes_new();
        assert_non_null(t);
        NodeId usr = named(t, NODE_ROOT, "usr"), bin = named(t, usr, "bin"),
               other = named(t, NODE_ROOT, "bin");
        assert_true(usr > NODE_ROOT && bin != usr && other != bin);
        assert_int_equal(named(t, usr, "bin"), bin);
        assert_int_equal(nodes_get(t, bin)->parent, usr);
        assert_int_equal(nodes_look_up(t, usr, "", 0), 0);
        char path[16];
        NodeId env = named(t, bin, "env");
        assert_string_equal(nodes_path(t, env, 0, path, sizeof(path)), "usr/bin/env");
        assert_string_equal(nodes_path(t, env, 2, path, sizeof(path)), "env");
        assert_null(nodes_path(t, env, 3, path, sizeof(path)));
        assert_string_equal(nodes_path(t, env, 0, path, 12), "usr/bin/env");
        assert_null(nodes_path(t, env, 0, path, 11));
        nodes_free(t);
}

static void a_node_lives_until_it_is_forgotten(void **state)
{
        (void)state;
        Nodes *t = nodes_new();
        dropped_nodes = 0;
        NodeId usr = named(t, NODE_ROOT, "usr"), bin = named(t, usr, "bin");
        (void)named(t, usr, "bin");
        nodes_forget(t, usr, 1, count_dropped, NULL);
        assert_non_null(nodes_get(t, usr));
        nodes_forget(t, bin, 1, count_dropped, NULL);
        assert_int_equal(dropped_nodes, 0);
        /* The last lookup of the last name below it. */
        nodes_forget(t, bin, 1, count_dropped, NULL);
        assert_int_equal(dropped_nodes, 2);
        assert_null(nodes_get(t, usr));
        assert_null(nodes_get(t, bin));
        /* More than was looked up, what is unknown, and the root. */
        usr = named(t, NODE_ROOT, "usr");
        nodes_forget(t, usr, UINT64_MAX, count_dropped, NULL);
        nodes_forget(t, usr, 1, count_dropped, NULL);
        nodes_forget(t, 1 << 20, 1, count_dropped, NULL);
        nodes_forget(t, NODE_ROOT, UINT64_MAX, count_dropped, NULL);
        assert_int_equal(dropped_nodes, 3);
        assert_non_null(nodes_get(t, NODE_ROOT));
        nodes_free(t);
}

/* A name that was looked up very often, and a directory with many names, stay. */
static void what_is_counted_often_stays(void **state)
{
        (void)state;
        Nodes *t = nodes_new();
        char name[16];
        dropped_nodes = 0;
        NodeId often = named(t, NODE_ROOT, "often"), large = named(t, NODE_ROOT, "large");
        for (unsigned i = 0; i < 1000; i++) {
                assert_int_equal(named(t, NODE_ROOT, "often"), often);
                (void)snprintf(name, sizeof(name), "%u", i);
                (void)named(t, large, name);
        }
        nodes_forget(t, often, 1001, count_dropped, NULL);
        nodes_forget(t, large, 1, count_dropped, NULL);
        assert_int_equal(dropped_nodes, 0);
        for (unsigned i = 0; i < 1000; i++) {
                (void)snprintf(name, sizeof(name), "%u", i);
                nodes_forget(t, nodes_look_up(t, large, name, strlen(name)), 2, count_dropped, NULL);
        }
        assert_int_equal(dropped_nodes, 1000);
        assert_non_null(nodes_get(t, often));
        assert_non_null(nodes_get(t, large));
        nodes_free(t);
}

static void no_other_number_is_a_node(void **state)
{
        (void)state;
        Nodes *t = nodes_new();
        size_t found = 0;
        NodeId last = 0;
        char name[256];
        for (unsigned i = 0; i < 5000; i++) {
                /* Lengths up to the maximum, with content that looks like nodes. */
                memset(name, (int)(i % 7), sizeof(name));
                (void)snprintf(name, sizeof(name), "%u", i);
                last = nodes_look_up(t, NODE_ROOT, name, 5 + i % 251);
                assert_int_not_equal(last, 0);
        }
        for (uint64_t id = 0; id < 2 * (uint64_t)last; id++)
                found += nodes_get(t, id) ? 1 : 0;
        assert_int_equal(found, 5001);
        assert_null(nodes_get(t, UINT64_MAX));
        assert_null(nodes_get(t, (UINT64_C(1) << 32) + last));
        nodes_free(t);
}

static void names_take_little_memory(void **state)
{
        (void)state;
        Nodes *t = nodes_new();
        char name[32];
        for (unsigned i = 0; i < 1000; i++) {
                (void)snprintf(name, sizeof(name), "directory-%03u", i);
                NodeId dir = named(t, NODE_ROOT, name);
                for (unsigned k = 0; k < 100; k++) {
                        (void)snprintf(name, sizeof(name), "file-%03u.h", k);
                        assert_int_not_equal(named(t, dir, name), 0);
                }
        }
        size_t used = nodes_memory(t);
        /* With the program's own memory, clearly less than 4 MiB. */
        assert_in_range(used, 1, 2700 << 10);
        /* Names that are forgotten make room for others. */
        for (unsigned round = 0; round < 50000; round++) {
                (void)snprintf(name, sizeof(name), "another-%05u", round);
                nodes_forget(t, named(t, NODE_ROOT, name), 1, NULL, NULL);
        }
        assert_in_range(nodes_memory(t), used, used + (64 << 10));
        nodes_free(t);
}

static void owners_are_the_hosts_if_the_sandbox_has_them(void **state)
{
        static Ids ids;
        (void)state;
        assert_int_equal(
                ids_parse("         0       1000          1\n         1     100000      65536\n", &ids), 0);
        assert_int_equal(ids_show(&ids, 0), 0);
        assert_int_equal(ids_show(&ids, 1000), 1000);
        assert_int_equal(ids_show(&ids, 65536), 65536);
        assert_int_equal(ids_show(&ids, 65537), IDS_OVERFLOW);
        assert_int_equal(ids_show(&ids, UINT32_MAX), IDS_OVERFLOW);
        assert_int_equal(ids_parse("0 1000 1\n", &ids), 0);
        assert_int_equal(ids_show(&ids, 8), 0);
        assert_int_equal(ids_parse("5 1000 1\n", &ids), 0);
        assert_int_equal(ids_show(&ids, 8), IDS_OVERFLOW);
        assert_int_equal(ids_parse("", &ids), 0);
        assert_int_equal(ids_show(&ids, 0), IDS_OVERFLOW);
        assert_int_equal(ids_parse("0 1000\n", &ids), -EINVAL);
        assert_int_equal(ids_parse("0 1000 1", &ids), -EINVAL);
        assert_int_equal(ids_parse("0 1000 1 1\n", &ids), -EINVAL);
}

/* A tree, a process that knows its owners, and one that serves it. */
typedef struct Served {
        char dir[64];
        int device, owners; /* our ends */
        pid_t server, teller;
} Served;

static Served served;

static const char *below(const char *name)
{
        static char path[512];
        (void)snprintf(path, sizeof(path), "%s/%s", served.dir, name);
        return path;
}

static void make_file(const char *name, const char *content, mode_t mode)
{
        FILE *f = fopen(below(name), "we");
        assert_non_null(f);
        (void)fputs(content, f);
        (void)fclose(f);
        assert_int_equal(chmod(below(name), mode), 0);
}

static void tell(int channel)
{
        int r;
        do
                r = owners_answer(channel);
        while (r > 0);
        _exit(r < 0 ? 1 : 0);
}

static void serve_tree(int device, int channel)
{
        static View v;
        Error err = {0};
        int lower = open(below("lower"), O_PATH | O_DIRECTORY | O_CLOEXEC);
        int placeholders = open(below("placeholders"), O_PATH | O_DIRECTORY | O_CLOEXEC);
        char map[64];
        (void)snprintf(map, sizeof(map), "0 0 %u\n", UINT32_MAX);
        if (view_init(&v, lower, placeholders, channel, map, map) < 0)
                _exit(1);
        struct fuse_session *session = serve_open(device, &v, &err);
        if (!session)
                _exit(1);
        (void)serve_run(&session, 1);
        serve_close(session);
        view_clear(&v);
        _exit(0);
}

static int start(void **state)
{
        int device[2], channel[2];
        (void)state;
        (void)snprintf(served.dir, sizeof(served.dir), "%s/kurung-view.XXXXXX",
                       getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
        assert_non_null(mkdtemp(served.dir));
        static const char *const dirs[] = {"lower",     "lower/usr", "lower/usr/bin", "lower/usr/closed",
                                           "lower/etc", "lower/opt", "placeholders",  "placeholders/usr"};
        for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
                assert_int_equal(mkdir(below(dirs[i]), 0755), 0);
        make_file("lower/usr/bin/env", "env's content", 0755);
        make_file("lower/etc/file", "one", 0644);
        make_file("lower/opt/tool", "tool", 0755);
        make_file("lower/usr/secret", "secret", 0200);
        make_file("lower/usr/empty", "secret", 0000);
        make_file("placeholders/usr/secret", "locked", 0600);
        make_file("lower/usr/closed/file", "secret", 0644);
        assert_int_equal(chmod(below("lower/usr/closed"), 0300), 0);
        assert_int_equal(symlink("bin/env", below("lower/usr/link")), 0);
        assert_int_equal(mkfifo(below("lower/usr/fifo"), 0644), 0);
        (void)setxattr(below("lower/usr/bin/env"), "user.mine", "yes", 3, 0);
        (void)setxattr(below("lower/usr/bin/env"), "user.overlay.redirect", "/etc/shadow", 11, 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, device), 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
        served.teller = fork();
        if (served.teller == 0) {
                (void)close(channel[0]);
                (void)close(device[0]);
                (void)close(device[1]);
                tell(channel[1]);
        }
        served.server = fork();
        if (served.server == 0) {
                (void)close(channel[1]);
                (void)close(device[0]);
                /* "short read on fuse device" at the end. */
                int null = open("/dev/null", O_RDWR | O_CLOEXEC);
                (void)dup2(null, 2);
                serve_tree(device[1], channel[0]);
        }
        (void)close(channel[1]);
        (void)close(device[1]);
        served.device = device[0];
        served.owners = channel[0];
        return 0;
}

static int stop(void **state)
{
        int status = -1;
        char command[128];
        (void)state;
        (void)close(served.device);
        assert_int_equal(waitpid(served.server, &status, 0), served.server);
        assert_int_equal(status, 0);
        (void)close(served.owners);
        assert_int_equal(waitpid(served.teller, &status, 0), served.teller);
        assert_int_equal(status, 0);
        (void)chmod(below("lower/usr/closed"), 0700);
        (void)snprintf(command, sizeof(command), "rm -r '%s'", served.dir);
        return system(command);
}

static union {
        struct {
                struct fuse_out_header header;
                union {
                        struct fuse_entry_out entry;
                        struct fuse_attr_out attr;
                        struct fuse_open_out open;
                        struct fuse_getxattr_out xattr;
                        char data[64 << 10];
                };
        };
        char bytes[128 << 10];
} reply;

static size_t reply_len;

static void send_request(uint32_t opcode, uint64_t node, const void *arg, size_t arg_len, const void *more,
                         size_t more_len)
{
        static struct {
                struct fuse_in_header header;
                char data[4096];
        } request;
        static uint64_t unique;
        assert_true(arg_len + more_len <= sizeof(request.data));
        request.header =
                (struct fuse_in_header){.len = (uint32_t)(sizeof(request.header) + arg_len + more_len),
                                        .opcode = opcode,
                                        .unique = ++unique,
                                        .nodeid = node};
        if (arg_len > 0)
                memcpy(request.data, arg, arg_len);
        if (more_len > 0)
                memcpy(request.data + arg_len, more, more_len);
        assert_true(send(served.device, &request, request.header.len, 0) == (ssize_t)request.header.len);
}

/* Returns the error of the answer. */
static int ask(uint32_t opcode, uint64_t node, const void *arg, size_t arg_len, const char *name)
{
        send_request(opcode, node, arg, arg_len, name, name ? strlen(name) + 1 : 0);
        ssize_t n = recv(served.device, &reply, sizeof(reply), 0);
        assert_true(n >= (ssize_t)sizeof(reply.header));
        reply_len = (size_t)n - sizeof(reply.header);
        return reply.header.error;
}

static uint64_t look_up(uint64_t parent, const char *name)
{
        int r = ask(FUSE_LOOKUP, parent, NULL, 0, name);
        if (r < 0)
                print_error("%s: %s\n", name, strerror(-r));
        assert_int_equal(r, 0);
        return reply.entry.nodeid;
}

static uint64_t walk(const char *top, const char *a, const char *b)
{
        uint64_t node = look_up(look_up(FUSE_ROOT_ID, top), "usr");
        node = a ? look_up(node, a) : node;
        return b ? look_up(node, b) : node;
}

static int attribute(uint64_t node, const char *name, uint32_t size)
{
        const struct fuse_getxattr_in in = {.size = size};
        return ask(FUSE_GETXATTR, node, &in, sizeof(in), name);
}

static int open_node(uint32_t opcode, uint64_t node, uint32_t flags)
{
        const struct fuse_open_in in = {.flags = flags};
        return ask(opcode, node, &in, sizeof(in), NULL);
}

static int read_handle(uint32_t opcode, uint64_t node, uint64_t fh, uint64_t offset, uint32_t size)
{
        const struct fuse_read_in in = {.fh = fh, .offset = offset, .size = size};
        return ask(opcode, node, &in, sizeof(in), NULL);
}

static void release(uint32_t opcode, uint64_t node, uint64_t fh)
{
        const struct fuse_release_in in = {.fh = fh};
        assert_int_equal(ask(opcode, node, &in, sizeof(in), NULL), 0);
}

static void the_kernel_introduces_itself(void **state)
{
        const struct fuse_init_in in = {.major = FUSE_KERNEL_VERSION,
                                        .minor = FUSE_KERNEL_MINOR_VERSION,
                                        .max_readahead = 131072,
                                        .flags = FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO |
                                                 FUSE_WRITEBACK_CACHE};
        (void)state;
        assert_int_equal(ask(FUSE_INIT, 0, &in, sizeof(in), NULL), 0);
        const struct fuse_init_out *out = (const void *)reply.data;
        assert_true(out->flags & FUSE_DO_READDIRPLUS);
        assert_false(out->flags & FUSE_WRITEBACK_CACHE);
}

static void names_lead_to_files(void **state)
{
        struct stat st;
        (void)state;
        uint64_t env = walk(VIEW_DIRECT, "bin", "env");
        assert_int_equal(stat(below("lower/usr/bin/env"), &st), 0);
        assert_int_equal(reply.entry.attr.mode, st.st_mode);
        assert_int_equal(reply.entry.attr.uid, st.st_uid);
        assert_int_equal(reply.entry.attr.ino, st.st_ino);
        assert_int_equal(reply.entry.attr.size, 13);
        assert_true(reply.entry.entry_valid >= 60 && reply.entry.attr_valid >= 60);
        assert_int_equal(walk(VIEW_DIRECT, "bin", "env"), env);
        assert_int_not_equal(walk(VIEW_THROUGH, "bin", "env"), env);
        /* What does not exist is remembered, too. */
        assert_int_equal(look_up(walk(VIEW_DIRECT, "bin", NULL), "missing"), 0);
        assert_true(reply.entry.entry_valid >= 60);
        assert_int_equal(look_up(FUSE_ROOT_ID, "usr"), 0);
        const struct fuse_getattr_in in = {0};
        assert_int_equal(ask(FUSE_GETATTR, env, &in, sizeof(in), NULL), 0);
        assert_int_equal(reply.attr.attr.size, 13);
        assert_int_equal(ask(FUSE_GETATTR, FUSE_ROOT_ID, &in, sizeof(in), NULL), 0);
        assert_true(S_ISDIR(reply.attr.attr.mode));
        assert_int_equal(ask(FUSE_READLINK, walk(VIEW_DIRECT, "link", NULL), NULL, 0, NULL), 0);
        assert_int_equal(reply_len, 7);
        assert_memory_equal(reply.data, "bin/env", 7);
}

static void no_name_leads_out(void **state)
{
        char name[300];
        static const char *const bad[] = {"..", ".", "", "/", "bin/env", "/etc/passwd", "../..", "bin/../.."};
        (void)state;
        uint64_t usr = look_up(look_up(FUSE_ROOT_ID, VIEW_THROUGH), "usr");
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_int_equal(ask(FUSE_LOOKUP, usr, NULL, 0, bad[i]), -EINVAL);
        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        assert_int_equal(ask(FUSE_LOOKUP, usr, NULL, 0, name), -ENAMETOOLONG);
        assert_int_equal(ask(FUSE_LOOKUP, look_up(usr, "link"), NULL, 0, "env"), -ENOTDIR);
        assert_int_equal(ask(FUSE_LOOKUP, usr + 1, NULL, 0, "bin"), -ESTALE);
        assert_int_equal(ask(FUSE_LOOKUP, (UINT64_C(1) << 32) + usr, NULL, 0, "bin"), -ESTALE);
        assert_int_equal(ask(FUSE_LOOKUP, UINT64_MAX, NULL, 0, "bin"), -ESTALE);
}

static void data_come_from_the_data_layer(void **state)
{
        (void)state;
        uint64_t direct = walk(VIEW_DIRECT, "bin", "env"), through = walk(VIEW_THROUGH, "bin", "env");
        assert_int_equal(attribute(direct, "user.overlay.metacopy", 0), 0);
        assert_int_equal(reply.xattr.size, 0);
        assert_int_equal(attribute(direct, "user.overlay.metacopy", 100), 0);
        assert_int_equal(reply_len, 0);
        assert_int_equal(attribute(direct, "user.overlay.redirect", 0), 0);
        assert_int_equal(reply.xattr.size, 8);
        assert_int_equal(attribute(direct, "user.overlay.redirect", 100), 0);
        assert_int_equal(reply_len, 8);
        assert_memory_equal(reply.data, "/bin/env", 8);
        assert_int_equal(attribute(direct, "user.overlay.redirect", 3), -ERANGE);
        /* Not from a file of the host, and for nothing but readable files of the first directory. */
        assert_int_equal(attribute(through, "user.overlay.redirect", 100), -ENODATA);
        assert_int_equal(attribute(through, "user.overlay.metacopy", 100), -ENODATA);
        assert_int_equal(attribute(walk(VIEW_DIRECT, "bin", NULL), "user.overlay.metacopy", 0), -ENODATA);
        assert_int_equal(attribute(walk(VIEW_DIRECT, "secret", NULL), "user.overlay.metacopy", 0), -ENODATA);
        assert_int_equal(attribute(walk(VIEW_DIRECT, "link", NULL), "user.overlay.redirect", 0), -ENODATA);
        /* Files have no attribute of the host's, least of all one of the overlay's. */
        const struct fuse_getxattr_in in = {.size = 1000};
        for (size_t i = 0; i < 2; i++) {
                uint64_t node = i == 0 ? direct : through;
                assert_int_equal(attribute(node, "security.capability", 100), -ENODATA);
                assert_int_equal(attribute(node, "user.mine", 100), -ENODATA);
                assert_int_equal(ask(FUSE_LISTXATTR, node, &in, sizeof(in), NULL), 0);
                assert_int_equal(reply_len, 0);
        }
}

static void files_are_read(void **state)
{
        (void)state;
        uint64_t env = walk(VIEW_THROUGH, "bin", "env");
        assert_int_equal(open_node(FUSE_OPEN, env, O_RDONLY | O_NOATIME), 0);
        uint64_t fh = reply.open.fh;
        assert_true(reply.open.open_flags & FOPEN_KEEP_CACHE);
        assert_int_equal(read_handle(FUSE_READ, env, fh, 6, 4096), 0);
        assert_int_equal(reply_len, 7);
        assert_memory_equal(reply.data, "content", 7);
        assert_int_equal(read_handle(FUSE_READ, env, fh, 100, 4096), 0);
        assert_int_equal(reply_len, 0);
        /* Other descriptors of the process are not files of the view. */
        for (uint64_t other = 1; other < 20; other++)
                if (other != fh)
                        assert_int_equal(read_handle(FUSE_READ, env, other, 0, 4096), -EBADF);
        assert_int_equal(read_handle(FUSE_READ, env, UINT64_MAX, 0, 4096), -EBADF);
        assert_int_equal(read_handle(FUSE_READ, env, fh, UINT64_MAX, 4096), -EBADF);
        release(FUSE_RELEASE, env, fh);
        assert_int_equal(read_handle(FUSE_READ, env, fh, 0, 4096), -EBADF);
        release(FUSE_RELEASE, env, fh);
        assert_int_equal(open_node(FUSE_OPEN, walk(VIEW_THROUGH, "fifo", NULL), O_RDONLY), -ENXIO);
        assert_int_equal(open_node(FUSE_OPEN, walk(VIEW_THROUGH, "bin", NULL), O_RDONLY), -EISDIR);
}

static void what_the_user_cannot_read_is_a_placeholder(void **state)
{
        (void)state;
        if (geteuid() == 0)
                skip();
        uint64_t secret = walk(VIEW_DIRECT, "secret", NULL);
        assert_int_equal(reply.entry.attr.mode, S_IFREG | 0200);
        assert_int_equal(reply.entry.attr.size, 6);
        assert_int_equal(open_node(FUSE_OPEN, secret, O_RDONLY), 0);
        uint64_t fh = reply.open.fh;
        assert_int_equal(read_handle(FUSE_READ, secret, fh, 0, 100), 0);
        assert_int_equal(reply_len, 6);
        assert_memory_equal(reply.data, "locked", 6);
        release(FUSE_RELEASE, secret, fh);
        uint64_t empty = walk(VIEW_DIRECT, "empty", NULL);
        assert_int_equal(reply.entry.attr.size, 0);
        assert_int_equal(open_node(FUSE_OPEN, empty, O_RDONLY), 0);
        fh = reply.open.fh;
        assert_int_equal(read_handle(FUSE_READ, empty, fh, 0, 100), 0);
        assert_int_equal(reply_len, 0);
        release(FUSE_RELEASE, empty, fh);
        assert_int_equal(read_handle(FUSE_READ, empty, fh, 0, 100), -EBADF);
        uint64_t closed = walk(VIEW_DIRECT, "closed", NULL);
        assert_int_equal(reply.entry.attr.mode, S_IFDIR | 0300);
        assert_int_equal(look_up(closed, "file"), 0);
        assert_int_equal(read_handle(FUSE_READDIRPLUS, closed, 0, 0, 4096), 0);
        assert_int_equal(reply_len, 0);
}

/* Lists a directory in answers of @size bytes. Returns the number of names; @ret_known: those with a node. */
static size_t list(uint64_t node, bool plus, uint32_t size, size_t *ret_known)
{
        size_t n = 0;
        uint64_t at = 0;
        *ret_known = 0;
        /* The kernel learns that it need not open directories. */
        assert_int_equal(open_node(FUSE_OPENDIR, node, O_RDONLY), -ENOSYS);
        for (;;) {
                assert_int_equal(read_handle(plus ? FUSE_READDIRPLUS : FUSE_READDIR, node, 0, at, size), 0);
                if (reply_len == 0)
                        break;
                assert_true(reply_len <= size);
                for (size_t i = 0; i < reply_len; n++) {
                        const struct fuse_direntplus *p = (const void *)(reply.data + i);
                        const struct fuse_dirent *d = plus ? &p->dirent : (const void *)(reply.data + i);
                        i += plus ? (size_t)FUSE_DIRENTPLUS_SIZE(p) : (size_t)FUSE_DIRENT_SIZE(d);
                        at = d->off;
                        *ret_known += plus && p->entry_out.nodeid != 0 ? 1 : 0;
                }
        }
        return n;
}

static void directories_are_listed(void **state)
{
        char name[64];
        size_t known = 0;
        (void)state;
        uint64_t usr = look_up(look_up(FUSE_ROOT_ID, VIEW_DIRECT), "usr"), bin = look_up(usr, "bin");
        assert_int_equal(list(usr, false, 4096, &known), 8);
        assert_int_equal(list(usr, true, 4096, &known), 8);
        assert_int_equal(known, 6);
        for (unsigned i = 0; i < 200; i++) {
                (void)snprintf(name, sizeof(name), "lower/usr/bin/many-%u", i);
                make_file(name, "", 0644);
        }
        /* Room for two names, for a page, and for more than one question about owners. */
        static const uint32_t sizes[] = {400, 4096, 60000};
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
                assert_int_equal(list(bin, false, sizes[i], &known), 203);
                assert_int_equal(list(bin, true, sizes[i], &known), 203);
                assert_int_equal(known, 201);
        }
        assert_int_equal(read_handle(FUSE_READDIR, look_up(bin, "env"), 0, 0, 4096), -ENOTDIR);
        assert_int_equal(read_handle(FUSE_READDIR, FUSE_ROOT_ID, 0, 0, 4096), -EACCES);
        assert_int_equal(read_handle(FUSE_READDIR, UINT64_MAX, 0, 0, 4096), -ESTALE);
        assert_int_equal(read_handle(FUSE_READDIRPLUS, bin, 0, UINT64_MAX, 4096), -EINVAL);
}

/* For an overlay of two lowers: each name is in one of them, and the kernel need not ask about the rest. */
static void the_system_has_two_halves(void **state)
{
        size_t known;
        const struct fuse_getxattr_in in = {.size = 1000};
        (void)state;
        uint64_t programs = look_up(FUSE_ROOT_ID, VIEW_PROGRAMS), rest = look_up(FUSE_ROOT_ID, VIEW_REST);
        uint64_t through = look_up(FUSE_ROOT_ID, VIEW_PROGRAMS_THROUGH);
        assert_int_equal(look_up(programs, "etc"), 0);
        assert_int_equal(look_up(through, "etc"), 0);
        uint64_t file = look_up(look_up(rest, "etc"), "file");
        assert_int_equal(reply.entry.entry_valid, 60);
        assert_int_equal(reply.entry.attr_valid, 3600);
        assert_int_equal(look_up(rest, "opt"), 0);
        assert_int_equal(list(rest, true, 4096, &known), 4);
        assert_int_equal(list(programs, true, 4096, &known), 2);
        assert_int_equal(known, 2);
        uint64_t tool = look_up(look_up(programs, "opt"), "tool");
        assert_int_equal(attribute(tool, "user.overlay.metacopy", 0), -ENODATA);
        assert_int_equal(open_node(FUSE_OPEN, tool, O_RDONLY), 0);
        release(FUSE_RELEASE, tool, reply.open.fh);
        uint64_t usr = look_up(rest, "usr");
        assert_int_equal(look_up(usr, "bin"), 0);
        assert_int_equal(list(usr, true, 4096, &known),
                         list(walk(VIEW_DIRECT, NULL, NULL), true, 4096, &known) - 1);
        uint64_t env = walk(VIEW_PROGRAMS, "bin", "env");
        assert_int_equal(look_up(look_up(programs, "usr"), "secret"), 0);
        assert_int_equal(attribute(env, "user.overlay.redirect", 100), 0);
        assert_memory_equal(reply.data, "/bin/env", 8);
        assert_int_equal(attribute(walk(VIEW_PROGRAMS_THROUGH, "bin", "env"), "user.overlay.metacopy", 0),
                         -ENODATA);
        assert_int_equal(attribute(file, "user.overlay.metacopy", 0), -ENOSYS);
        assert_int_equal(attribute(rest, "user.overlay.origin", 0), -ENOSYS);
        assert_int_equal(ask(FUSE_LISTXATTR, file, &in, sizeof(in), NULL), -ENOSYS);
        /* It is read without being opened, as what it is now. */
        assert_int_equal(open_node(FUSE_OPEN, file, O_RDONLY), -ENOSYS);
        assert_int_equal(open_node(FUSE_OPEN, file, O_WRONLY), -EROFS);
        assert_int_equal(read_handle(FUSE_READ, file, 0, 1, 4096), 0);
        assert_int_equal(reply_len, 2);
        assert_memory_equal(reply.data, "ne", 2);
        assert_int_equal(read_handle(FUSE_READ, file, 7, 100, 4096), 0);
        assert_int_equal(reply_len, 0);
        assert_int_equal(read_handle(FUSE_READ, rest, 0, 0, 4096), -EISDIR);
        assert_int_equal(read_handle(FUSE_READ, env, 0, 0, 4096), -EBADF);
        /* The open one stays the one that it was; a new look-up finds the other. */
        make_file("lower/etc/new", "two", 0644);
        char from[512];
        (void)snprintf(from, sizeof(from), "%s", below("lower/etc/new"));
        assert_int_equal(rename(from, below("lower/etc/file")), 0);
        assert_int_equal(read_handle(FUSE_READ, file, 0, 0, 4096), 0);
        assert_memory_equal(reply.data, "one", 3);
        assert_int_equal(look_up(look_up(rest, "etc"), "file"), file);
        assert_int_equal(read_handle(FUSE_READ, file, 0, 0, 4096), 0);
        assert_memory_equal(reply.data, "two", 3);
}

/* A file that is not open any more is another's, or none: never the content of another file. */
static void many_files_are_read(void **state)
{
        char name[64], content[32];
        uint64_t nodes[2 * TREE_FILES];
        (void)state;
        uint64_t etc = look_up(look_up(FUSE_ROOT_ID, VIEW_REST), "etc");
        for (unsigned i = 0; i < ARRAY_LEN(nodes); i++) {
                (void)snprintf(name, sizeof(name), "lower/etc/many-%u", i);
                (void)snprintf(content, sizeof(content), "content of %u", i);
                make_file(name, content, 0644);
                nodes[i] = look_up(etc, strrchr(name, '/') + 1);
        }
        for (unsigned round = 0; round < 2; round++)
                for (unsigned i = 0; i < ARRAY_LEN(nodes); i++) {
                        (void)snprintf(content, sizeof(content), "content of %u", i);
                        assert_int_equal(read_handle(FUSE_READ, nodes[i], 0, 0, 4096), 0);
                        assert_int_equal(reply_len, strlen(content));
                        assert_memory_equal(reply.data, content, reply_len);
                }
        /* The number of a forgotten node may become another's. */
        const struct fuse_forget_in once = {.nlookup = 1};
        unsigned last = ARRAY_LEN(nodes) - 1;
        send_request(FUSE_FORGET, nodes[last], &once, sizeof(once), NULL, 0);
        make_file("lower/etc/mini-255", "another", 0644);
        uint64_t other = look_up(etc, "mini-255");
        assert_int_equal(other, nodes[last]);
        assert_int_equal(read_handle(FUSE_READ, other, 0, 0, 4096), 0);
        assert_memory_equal(reply.data, "another", 7);
        make_file("lower/etc/replaced", "another", 0644);
        char from[512];
        (void)snprintf(from, sizeof(from), "%s", below("lower/etc/replaced"));
        assert_int_equal(rename(from, below("lower/etc/many-0")), 0);
        /* It is not open any more. */
        for (unsigned i = 1; i <= TREE_FILES; i++)
                assert_int_equal(read_handle(FUSE_READ, nodes[i], 0, 0, 4096), 0);
        assert_int_equal(read_handle(FUSE_READ, nodes[0], 0, 0, 4096), -ESTALE);
}

/* What the host replaces is not mixed with what the kernel knows; what it removes does not exist. */
static void the_host_changes_files(void **state)
{
        const struct fuse_getattr_in in = {0};
        (void)state;
        make_file("lower/usr/bin/old", "old", 0644);
        uint64_t old = walk(VIEW_THROUGH, "bin", "old");
        make_file("lower/usr/bin/new", "newer", 0600);
        assert_int_equal(open_node(FUSE_OPEN, old, O_RDONLY), 0);
        uint64_t fh = reply.open.fh;
        char from[512];
        (void)snprintf(from, sizeof(from), "%s", below("lower/usr/bin/new"));
        assert_int_equal(rename(from, below("lower/usr/bin/old")), 0);
        assert_int_equal(open_node(FUSE_OPEN, old, O_RDONLY), -ESTALE);
        assert_int_equal(ask(FUSE_GETATTR, old, &in, sizeof(in), NULL), -ESTALE);
        assert_int_equal(read_handle(FUSE_READ, old, fh, 0, 100), 0);
        assert_memory_equal(reply.data, "old", 3);
        release(FUSE_RELEASE, old, fh);
        /* Once it is looked up again, it is the new file. */
        assert_int_equal(walk(VIEW_THROUGH, "bin", "old"), old);
        assert_int_equal(reply.entry.attr.size, 5);
        assert_int_equal(open_node(FUSE_OPEN, old, O_RDONLY), 0);
        release(FUSE_RELEASE, old, reply.open.fh);
        assert_int_equal(unlink(below("lower/usr/bin/old")), 0);
        assert_int_equal(open_node(FUSE_OPEN, old, O_RDONLY), -ENOENT);
        assert_int_equal(ask(FUSE_GETATTR, old, &in, sizeof(in), NULL), -ENOENT);
        /* A directory becomes a link to another. */
        assert_int_equal(mkdir(below("lower/usr/dir"), 0755), 0);
        make_file("lower/usr/dir/file", "", 0644);
        uint64_t file = walk(VIEW_THROUGH, "dir", "file"), dir = walk(VIEW_THROUGH, "dir", NULL);
        (void)snprintf(from, sizeof(from), "%s", below("lower/usr/dir"));
        assert_int_equal(rename(from, below("lower/usr/moved")), 0);
        assert_int_equal(symlink("moved", below("lower/usr/dir")), 0);
        /* An open directory stays the one that it was. */
        assert_int_equal(open_node(FUSE_OPEN, file, O_RDONLY), 0);
        release(FUSE_RELEASE, file, reply.open.fh);
        assert_int_equal(read_handle(FUSE_READDIR, dir, 0, 0, 4096), -ESTALE);
        assert_int_equal(look_up(look_up(look_up(FUSE_ROOT_ID, VIEW_THROUGH), "usr"), "dir"), dir);
        assert_true(S_ISLNK(reply.entry.attr.mode));
        assert_int_equal(ask(FUSE_LOOKUP, dir, NULL, 0, "file"), -ENOTDIR);
        assert_int_equal(open_node(FUSE_OPEN, file, O_RDONLY), -ESTALE);
}

static void nothing_is_written(void **state)
{
        static const uint32_t opcodes[] = {FUSE_SETATTR,
                                           FUSE_SYMLINK,
                                           FUSE_MKNOD,
                                           FUSE_MKDIR,
                                           FUSE_UNLINK,
                                           FUSE_RMDIR,
                                           FUSE_RENAME,
                                           FUSE_LINK,
                                           FUSE_WRITE,
                                           FUSE_FSYNC,
                                           FUSE_SETXATTR,
                                           FUSE_REMOVEXATTR,
                                           FUSE_CREATE,
                                           FUSE_RENAME2,
                                           FUSE_FALLOCATE,
                                           FUSE_COPY_FILE_RANGE,
                                           FUSE_SETLK,
                                           FUSE_POLL,
                                           FUSE_NOTIFY_REPLY + 100,
                                           UINT32_MAX};
        const char zeros[256] = {0};
        (void)state;
        uint64_t env = walk(VIEW_THROUGH, "bin", "env");
        for (size_t i = 0; i < ARRAY_LEN(opcodes); i++)
                assert_int_equal(ask(opcodes[i], env, zeros, sizeof(zeros), NULL), -ENOSYS);
        static const uint32_t flags[] = {O_WRONLY, O_RDWR, O_TRUNC, O_ACCMODE};
        for (size_t i = 0; i < ARRAY_LEN(flags); i++)
                assert_int_equal(open_node(FUSE_OPEN, env, flags[i]), -EROFS);
        const struct fuse_access_in access = {.mask = W_OK};
        assert_int_equal(ask(FUSE_ACCESS, env, &access, sizeof(access), NULL), -EROFS);
        const struct fuse_ioctl_in control = {.cmd = 1};
        assert_int_equal(ask(FUSE_IOCTL, env, &control, sizeof(control), NULL), -ENOTTY);
}

static void a_deep_tree_is_walked(void **state)
{
        uint64_t nodes[TREE_DEPTH_MAX + 100];
        (void)state;
        uint64_t node = look_up(look_up(FUSE_ROOT_ID, VIEW_THROUGH), "usr");
        int at = open(below("lower/usr"), O_PATH | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
                assert_int_equal(mkdirat(at, "d", 0755), 0);
                int next = openat(at, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
                (void)close(at);
                at = next;
                nodes[i] = node = look_up(node, "d");
        }
        (void)close(at);
        /* These are no longer open, and one is too deep to walk to it from the top. */
        const size_t walked = TREE_DEPTH_MAX - 10, refused = TREE_DEPTH_MAX + 10;
        assert_int_equal(read_handle(FUSE_READDIR, nodes[refused], 0, 0, 4096), -ENAMETOOLONG);
        assert_int_equal(read_handle(FUSE_READDIR, nodes[walked], 0, 0, 4096), 0);
        const struct fuse_forget_in in = {.nlookup = 1};
        send_request(FUSE_FORGET, node, &in, sizeof(in), NULL, 0);
        assert_int_equal(read_handle(FUSE_READDIR, node, 0, 0, 4096), -ESTALE);
}

/* The process that knows owners: it is asked by one that an attacker may have taken over. */
static void owners_are_told_of_names_only(void **state)
{
        static const char names[] = "..\0.\0/\0../lower\0lower/usr\0lower\0missing\0";
        OwnersAnswer a[OWNERS_NAMES_MAX + 1];
        int ends[2];
        (void)state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        pid_t pid = fork();
        if (pid == 0) {
                (void)close(ends[0]);
                tell(ends[1]);
        }
        (void)close(ends[1]);
        int dir = open(served.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(owners_ask(ends[0], dir, names, sizeof(names) - 1, 7, a), 0);
        for (size_t i = 0; i < 5; i++)
                assert_int_equal(a[i].error, EINVAL);
        assert_int_equal(a[5].error, 0);
        assert_true(S_ISDIR(a[5].mode));
        assert_int_equal(a[5].uid, geteuid());
        assert_int_equal(a[6].error, ENOENT);
        assert_int_equal(owners_ask(ends[0], dir, "", 1, 1, a), 0);
        assert_int_equal(a[0].error, 0);
        /* Too many names, and names without an end: no answer, and its end. */
        assert_int_equal(owners_ask(ends[0], dir, "", 1, OWNERS_NAMES_MAX + 1, a), -EINVAL);
        assert_int_equal(fds_send(ends[0], "open", 4, &dir, 1, 0), 0);
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
        assert_true(owners_ask(ends[0], dir, "lower", 6, 1, a) < 0);
        (void)close(ends[0]);
        (void)close(dir);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_name_has_one_node),
                cmocka_unit_test(a_node_lives_until_it_is_forgotten),
                cmocka_unit_test(what_is_counted_often_stays),
                cmocka_unit_test(no_other_number_is_a_node),
                cmocka_unit_test(names_take_little_memory),
                cmocka_unit_test(owners_are_the_hosts_if_the_sandbox_has_them),
                cmocka_unit_test(the_kernel_introduces_itself),
                cmocka_unit_test(names_lead_to_files),
                cmocka_unit_test(no_name_leads_out),
                cmocka_unit_test(data_come_from_the_data_layer),
                cmocka_unit_test(files_are_read),
                cmocka_unit_test(what_the_user_cannot_read_is_a_placeholder),
                cmocka_unit_test(directories_are_listed),
                cmocka_unit_test(the_system_has_two_halves),
                cmocka_unit_test(many_files_are_read),
                cmocka_unit_test(the_host_changes_files),
                cmocka_unit_test(nothing_is_written),
                cmocka_unit_test(a_deep_tree_is_walked),
                cmocka_unit_test(owners_are_told_of_names_only),
        };
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, start, stop);
}
