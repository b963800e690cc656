/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: requests to a view of a small tree, of any kind and about any node and handle. The input
 * is a list of requests; the arguments are as long as the kernel makes them, which libfuse relies on.
 */
#include "view/serve.h"

#include "view/serve_internal.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARGS_MAX 4096

static const uint32_t opcodes[] = {
        FUSE_LOOKUP,     FUSE_FORGET,       FUSE_GETATTR,  FUSE_READLINK,  FUSE_OPEN,
        FUSE_READ,       FUSE_RELEASE,      FUSE_OPENDIR,  FUSE_READDIR,   FUSE_READDIRPLUS,
        FUSE_RELEASEDIR, FUSE_STATFS,       FUSE_GETXATTR, FUSE_LISTXATTR, FUSE_ACCESS,
        FUSE_IOCTL,      FUSE_BATCH_FORGET, FUSE_SETATTR,  FUSE_WRITE,     FUSE_MKNOD,
        FUSE_RENAME2,    FUSE_SETXATTR,     FUSE_CREATE,   FUSE_FALLOCATE, FUSE_LSEEK};

static View view;
static struct fuse_session *session;
static int device;
static uint64_t nodes[64];
static unsigned n_nodes;

static void *tell(void *userdata)
{
        while (owners_answer(*(int *)userdata) > 0)
                ;
        abort();
}

static void make_tree(const char *dir)
{
        char command[512];
        (void)snprintf(command, sizeof(command),
                       "cd '%s' && mkdir -p a/b/c d usr/bin usr/share && echo z >usr/bin/file && echo z "
                       ">usr/share/file && echo x >a/file && echo y >a/b/unreadable && chmod 0 "
                       "a/b/unreadable && ln -s ../d a/link && mkfifo d/fifo && for i in 1 2 3 4 5 6 7 8 9; "
                       "do >d/$i; "
                       "done",
                       dir);
        if (system(command) != 0)
                abort();
}

static void prepare(void)
{
        static int channel[2];
        int ends[2];
        char dir[256];
        Error err = {0};
        pthread_t teller;
        (void)snprintf(dir, sizeof(dir), "%s/tree.XXXXXX",
                       getenv("FUZZ_PLACE") ? getenv("FUZZ_PLACE") : "/tmp");
        if (!mkdtemp(dir))
                abort();
        make_tree(dir);
        int lower = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0 ||
            socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0 ||
            pthread_create(&teller, NULL, tell, &channel[1]) != 0 ||
            view_init(&view, lower, FD_NONE, channel[0], "0 0 4294967295\n", "0 0 4294967295\n") < 0 ||
            !(session = serve_open(ends[1], &view, &err)))
                abort();
        device = ends[0];
        nodes[n_nodes++] = FUSE_ROOT_ID;
}

/* Sends one request; an answer to a lookup names another node. */
static void ask(uint32_t opcode, uint64_t node, const uint8_t *args, size_t len)
{
        static struct {
                struct fuse_in_header header;
                uint8_t args[ARGS_MAX];
        } request;
        static union {
                struct {
                        struct fuse_out_header header;
                        struct fuse_entry_out entry;
                } out;
                uint8_t bytes[2 << 20];
        } answer;
        memset(request.args, 0, sizeof(request.args));
        memcpy(request.args, args, len);
        request.header = (struct fuse_in_header){
                .len = sizeof(request), .opcode = opcode, .unique = 1, .nodeid = node};
        if (opcode == FUSE_BATCH_FORGET)
                ((struct fuse_batch_forget_in *)(void *)request.args)->count %= 16;
        struct fuse_buf buf = {.size = sizeof(request), .mem = &request};
        fuse_session_process_buf(session, &buf);
        ssize_t n = recv(device, &answer, sizeof(answer), MSG_DONTWAIT);
        if (n > 0 && opcode == FUSE_LOOKUP && answer.out.header.error == 0 && answer.out.entry.nodeid != 0)
                nodes[n_nodes++ % 64] = answer.out.entry.nodeid;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct fuse_init_in init = {.major = FUSE_KERNEL_VERSION,
                                                 .minor = FUSE_KERNEL_MINOR_VERSION};
        if (!session) {
                prepare();
                ask(FUSE_INIT, 0, (const uint8_t *)&init, sizeof(init));
        }
        for (size_t i = 0; i + 3 <= size;) {
                uint32_t opcode = opcodes[data[i] % ARRAY_LEN(opcodes)];
                uint64_t node =
                        data[i + 1] < 64 ? nodes[data[i + 1] % (n_nodes < 64 ? n_nodes : 64)] : data[i + 1];
                size_t len = data[i + 2];
                i += 3;
                len = len < size - i ? len : size - i;
                ask(opcode, node, data + i, len);
                i += len;
        }
        return 0;
}
