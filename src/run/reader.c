/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the process that reads a kept sandbox's changes. */
#include "run/reader.h"

#include "base/caps.h"
#include "base/fds.h"
#include "base/lookup.h"
#include "base/mount.h"
#include "base/process.h"
#include "changes/stream.h"
#include "mech/idmap.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define CAP_BIT(cap) (UINT64_C(1) << (cap))
#define SEND_BUFFER (512 << 10)

typedef struct Reader {
        const Kept *kept;
        const ReaderOptions *options;
        StreamWriter writer;
        bool has_images; /* of several layers, which it combines */
        Error err;
} Reader;

/*
 * To read files of the sandbox's other ids, the reader enters a user namespace with the sandbox's id maps.
 * The supervisor writes the maps, because a process outside must start newuidmap(1).
 */
static int gain(void *userdata)
{
        Reader *r = userdata;
        char answer = 0;
        if (unshare(CLONE_NEWUSER | (r->has_images ? CLONE_NEWNS : 0)) < 0)
                return -errno;
        int e = stream_send_request(&r->writer);
        if (e < 0)
                return e;
        if (recv(r->writer.fd, &answer, 1, 0) != 1 || answer != 1)
                return -EACCES;
        return caps_keep_only(CAP_BIT(CAP_DAC_READ_SEARCH) | (r->has_images ? CAP_BIT(CAP_SYS_ADMIN) : 0),
                              &r->err);
}

/* Mounts the layers by their names in /proc/self/fd. @options, @names: room for @n, and one more option. */
static int combine(const int *fds, size_t n, MountOption *options, FdPath *names, int *ret_fd, Error *err)
{
        char joined[MOUNT_OPTION_MAX];
        CLEANUP_FD int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        size_t used = 0;
        if (mount_join_fds(fds, n, joined))
                options[used++] = (MountOption){"lowerdir", joined};
        else /* Linux 6.5 */
                for (; used < n; used++) {
                        names[used] = fd_path(fds[used]);
                        options[used] = (MountOption){"lowerdir+", names[used].text};
                }
        options[used++] = (MountOption){"userxattr", NULL};
        int e = before < 0 || chdir("/proc/self/fd") < 0 ? -errno : 0;
        if (e < 0)
                return e;
        e = mount_new("overlay", options, used, mount_safe_attrs(true), ret_fd, err);
        if (fchdir(before) < 0 && e == 0)
                e = -errno;
        return e;
}

/* The layers of the image as one read-only overlay, which has no place in the file system. */
static int open_image(void *userdata, const ChangesLayer *layer, int *ret_fd)
{
        Reader *r = userdata;
        CLEANUP_FREE MountOption *options = calloc(layer->image.n + 1, sizeof(*options));
        CLEANUP_FREE FdPath *names = calloc(layer->image.n, sizeof(*names));
        CLEANUP_FREE int *fds = calloc(layer->image.n, sizeof(*fds));
        size_t n = 0;
        int e = 0;
        if (!options || !names || !fds)
                return -ENOMEM;
        while (n < layer->image.n &&
               (e = lookup_open_plain(layer->image.items[n], O_PATH | O_DIRECTORY, &fds[n])) == 0)
                n++;
        if (e == 0)
                e = combine(fds, n, options, names, ret_fd, &r->err);
        fds_close(fds, n);
        return e;
}

static bool has_images(const KeptRecord *record)
{
        for (size_t i = 0; i < record->n_layers; i++)
                if (record->layers[i].image.n > 1)
                        return true;
        return false;
}

static int tell_total(Reader *r, const WalkOptions *walk, Error *err)
{
        WalkTotal total;
        Change c = {.name = "", .target = "", .why = "", .xattrs = "", .fd = FD_NONE};
        int e = walk_count(r->kept->dir.fd, r->kept->record.layers, r->kept->record.n_layers, walk, &total,
                           err);
        c.now.ino = total.entries;
        c.now.size = total.bytes;
        return e < 0 ? e : stream_write(&r->writer, CHANGE_EVENT_TOTAL, &c);
}

/*
 * reader
 *   has: the user's id, the sandbox's directory, a socket to the command; later at most CAP_DAC_READ_SEARCH
 *     in a user namespace with the sandbox's id maps, and CAP_SYS_ADMIN there if it combines the layers of
 *     an image.
 *   must: end with the command.
 *   must not: write any file, follow a link, or open a file outside of the layers' uppers and lowers but the
 *     record of the host's directories.
 */
static int stage_reader_main(Reader *r)
{
        const KeptRecord *record = &r->kept->record;
        WalkOptions walk = {
                .selection = &r->options->selection,
                .uid_map = &record->identity.uid_map,
                .gid_map = &record->identity.gid_map,
                .want_content = r->options->want_content,
                .only_named_scratch = r->options->only_named_scratch,
                .no_images = r->options->no_images,
                .gain = gain,
                .open_image = open_image,
                .userdata = r,
        };
        Error err = {0};
        CLEANUP(hostdirs_clear) HostDirs host = {0};
        (void)prctl(PR_SET_NAME, "kurung-reader");
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        int e = hostdirs_read(r->kept->dir.fd, &host, &err);
        walk.host = &host;
        if (e == 0 && r->options->want_total)
                e = tell_total(r, &walk, &err);
        if (e == 0)
                e = walk_layers(r->kept->dir.fd, record->layers, record->n_layers, &walk, stream_write,
                                &r->writer, &err);
        if (e == 0) {
                const Change end = {.name = "", .target = "", .why = "", .xattrs = "", .fd = FD_NONE};
                e = stream_write(&r->writer, CHANGE_EVENT_END, &end);
        } else if (e != -EPIPE && err.errnum != 0) {
                e = stream_send_error(&r->writer, &err);
        }
        return e < 0;
}

static int answer_maps(const Kept *kept, int fd, pid_t pid, Error *err)
{
        Error why = {0};
        char answer = idmap_write(&kept->record.identity, pid, &why) == 0;
        if (send(fd, &answer, 1, MSG_NOSIGNAL) != 1)
                return error_set_errno(err, errno, "cannot communicate with the reader process");
        if (!answer)
                return error_set(err, why.errnum, "cannot read files of the sandbox's other ids: %s",
                                 why.text);
        return 0;
}

static int pump(const Kept *kept, int fd, pid_t pid, ChangeSink sink, void *userdata, Error *err)
{
        CLEANUP_FREE StreamReader *stream = calloc(1, sizeof(*stream));
        if (!stream)
                return error_no_memory(err);
        stream->fd = fd;
        ChangeEvent event = CHANGE_EVENT_LAYER;
        int r = 0;
        while (r == 0 && event != CHANGE_EVENT_END) {
                Change c;
                r = stream_read(stream, &event, &c, err);
                if (r == STREAM_NEED_MAPS)
                        r = answer_maps(kept, fd, pid, err);
                else if (r == STREAM_CHANGE)
                        r = sink(userdata, event, &c);
        }
        stream_reader_clear(stream);
        return r;
}

int reader_run(const Kept *kept, const ReaderOptions *options, ChangeSink sink, void *userdata, Error *err)
{
        int ends[2], size = SEND_BUFFER;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
                return error_set_errno(err, errno, "cannot create a channel");
        CLEANUP_FD int ours = ends[0], theirs = ends[1], pidfd = FD_NONE;
        (void)setsockopt(theirs, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        Reader *r = calloc(1, sizeof(*r));
        if (!r)
                return error_no_memory(err);
        *r = (Reader){.kept = kept,
                      .options = options,
                      .has_images = !options->no_images && has_images(&kept->record)};
        r->writer.fd = theirs;
        (void)fflush(NULL);
        pid_t pid = process_clone(0, &pidfd);
        if (pid == 0) {
                fd_close(ours);
                _exit(stage_reader_main(r));
        }
        free(r);
        if (pid < 0)
                return error_set_errno(err, (int)pid, "cannot start the reader process");
        theirs = fd_close(theirs);
        int e = pump(kept, ours, pid, sink, userdata, err);
        /* The reader may be waiting for room in the socket. */
        ours = fd_close(ours);
        (void)process_signal(pidfd, SIGKILL);
        (void)process_wait(pidfd, NULL);
        return e;
}
