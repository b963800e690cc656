/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's side of the server of an overlay: starts it, passes its device to it, and reports how it
 * ended. */
#include "run/helper_overlay.h"

#include "base/defence.h"
#include "base/process.h"
#include "run/overlay_server.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

static OverlayHelper *overlay_of(Helper *h)
{
        return (OverlayHelper *)(void *)h;
}

static int prepare(Helper *h, Error *err)
{
        OverlayHelper *o = overlay_of(h);
        o->stage.log = memfd_create("kurung-overlay", MFD_CLOEXEC);
        return o->stage.log < 0 ? error_set_errno(err, errno, "cannot create a file for the output of %s",
                                                  h->kind->name)
                                : 0;
}

/* Starts the process that tells the server of a view the owners of files. @ret_channel: the server's end. */
static int start_owners(OverlayHelper *o, int *ret_channel, Error *err)
{
        int ends[2];
        int r = channel_make(ends);
        if (r < 0)
                return error_set_errno(err, r, "cannot create a channel");
        CLEANUP_FD int its = ends[0], theirs = ends[1];
        pid_t pid = process_clone(0, &o->owners);
        if (pid == 0) {
                (void)process_keep_only(&its, 1);
                _exit(stage_owners_main(its));
        }
        if (pid < 0)
                return error_set_errno(err, (int)pid, "cannot start the helper of %s", o->helper.kind->name);
        *ret_channel = TAKE_FD(theirs);
        return 0;
}

static void stop_owners(OverlayHelper *o)
{
        if (o->owners < 0)
                return;
        (void)process_signal(o->owners, SIGKILL);
        (void)process_wait(o->owners, NULL);
        o->owners = fd_close(o->owners);
}

/* Starts the process that becomes the server. A first process leaves it behind and exits; then it waits
 * for its ids. */
static int start(Helper *h, Error *err)
{
        OverlayHelper *o = overlay_of(h);
        int ends[2];
        int r = channel_make(ends);
        if (r < 0)
                return error_set_errno(err, r, "cannot create a channel");
        CLEANUP_FD int ours = ends[0], theirs = ends[1], owners = FD_NONE;
        if (o->stage.server->has_view && (r = start_owners(o, &owners, err)) < 0)
                return r;
        o->stage.channel = theirs;
        o->stage.owners = owners;
        pid_t pid = process_clone(0, &o->joiner);
        if (pid == 0) {
                const int own[] = {theirs,       o->stage.userns,      o->stage.placeholders,
                                   o->stage.log, o->stage.ctx->run_fd, owners};
                (void)process_keep_only(own, ARRAY_LEN(own));
                _exit(stage_overlay_main(&o->stage));
        }
        o->stage.channel = o->stage.owners = FD_NONE;
        if (pid < 0)
                return error_set_errno(err, (int)pid, "cannot start %s", h->kind->name);
        h->channel = TAKE_FD(ours);
        return 0;
}

/* Receives its only message, which has its pid and pidfd, or an error. */
static int receive(OverlayHelper *o, SessionState state, Message *ret, int *ret_fd, Error *err)
{
        int fds[CHANNEL_FDS_MAX];
        size_t n = 0;
        const MessageRule *rule;
        int r = channel_receive_fds(o->helper.channel, ret, fds, &n);
        if (r <= 0)
                return r;
        r = message_check(&o->heard, SENDER_OVERLAY, state, ret, n, &rule, err);
        if (r == 0 && n > 0)
                *ret_fd = TAKE_FD(fds[0]);
        for (size_t i = 0; i < n; i++)
                fd_close(fds[i]);
        return r < 0 ? r : 1;
}

static int on_mapped(Helper *h, Error *err)
{
        OverlayHelper *o = overlay_of(h);
        Message m;
        if (o->joiner < 0)
                return 0;
        int r = receive(o, SESSION_STARTING, &m, &h->pidfd, err);
        (void)process_wait(o->joiner, NULL);
        o->joiner = fd_close(o->joiner);
        if (r <= 0)
                return error_set(err, EIO, "cannot start %s: its first process exited", h->kind->name);
        if (m.type == MSG_ERROR)
                return error_take(err, &m.error, h->kind->name);
        /* If it has exited, its pidfd shows it. */
        (void)channel_send(h->channel, MSG_SYNC, SYNC_USERNS, FD_NONE);
        return 0;
}

/* After its start it sends no message: this handles only the end of the channel. */
static int on_message(Helper *h, Error *err)
{
        Message m;
        int fd = FD_NONE;
        int r = receive(overlay_of(h), SESSION_RUNNING, &m, &fd, err);
        h->channel = fd_close(h->channel);
        return r == 0 ? 0 : error_set(err, EPROTO, "%s sent something other than a message", h->kind->name);
}

bool overlay_helper_is_served(const OverlayHelper *o)
{
        return o->devices >= (o->stage.server->has_view ? 2 : 1);
}

void overlay_helper_serve(OverlayHelper *o, int fuse_fd)
{
        o->devices++;
        if (o->helper.channel >= 0)
                (void)channel_send(o->helper.channel, MSG_FUSE_DEVICE, (int)o->stage.index, fuse_fd);
        if (overlay_helper_is_served(o))
                o->helper.channel = fd_close(o->helper.channel);
}

/* Finds the last line that it wrote to its stderr, except complaints about mount options. */
static void last_words(const OverlayHelper *o, char *out, size_t room)
{
        char text[4096], *save = NULL;
        ssize_t n = o->stage.log >= 0 ? pread(o->stage.log, text, sizeof(text) - 1, 0) : 0;
        text[n > 0 ? n : 0] = '\0';
        out[0] = '\0';
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
                if (!str_starts(line, "unknown argument ignored"))
                        (void)snprintf(out, room, "%s", line);
}

static int on_end(Helper *h, bool expected, Error *err)
{
        int status = 0;
        char said[256];
        (void)process_wait(h->pidfd, &status);
        h->pidfd = fd_close(h->pidfd);
        /* When the sandbox ends, the server exits too, because its file system no longer exists. */
        if (expected)
                return 0;
        last_words(overlay_of(h), said, sizeof(said));
        h->died = true;
        return error_set(err, EIO, "%s exited (status %d)%s%s: the sandbox was killed", h->kind->name,
                         process_exit_code(status), said[0] ? ": " : "", said);
}

static int stop(Helper *h, Error *err)
{
        OverlayHelper *o = overlay_of(h);
        Error ignored = {0};
        (void)err;
        /* The first process may have started it: receive its pidfd, to kill it, too. */
        (void)on_mapped(h, &ignored);
        if (h->pidfd >= 0) {
                (void)process_signal(h->pidfd, SIGKILL);
                (void)process_wait(h->pidfd, NULL);
        }
        stop_owners(o);
        h->pidfd = fd_close(h->pidfd);
        h->channel = fd_close(h->channel);
        o->stage.log = fd_close(o->stage.log);
        return 0;
}

#define OVERLAY_KIND(text)                                                                                   \
        {                                                                                                    \
                .name = (text), .serves_files = true, .prepare = prepare, .start = start,                    \
                .on_mapped = on_mapped, .on_message = on_message, .on_end = on_end, .stop = stop             \
        }

OverlayHelper overlay_helper_make(const StageContext *ctx, const PlanRoot *root, size_t index)
{
        static const HelperKind fuse_kind = OVERLAY_KIND("fuse-overlayfs"),
                                view_kind = OVERLAY_KIND("kurung-view");
        bool view = root->ops[index].kind == OP_VIEW;
        return (OverlayHelper){
                .helper = HELPER_OF(view ? &view_kind : &fuse_kind),
                .stage = {.ctx = ctx,
                          .server = view ? &overlay_view : &overlay_fuse,
                          .index = index,
                          .program = defence_helper(view ? root->view : root->fuse_overlayfs),
                          .userns = FD_NONE,
                          .placeholders = FD_NONE,
                          .channel = FD_NONE,
                          .owners = FD_NONE,
                          .log = FD_NONE,
                          .confined = defence_is_on(DEFENCE_CONFINE)},
                .joiner = FD_NONE,
                .owners = FD_NONE,
        };
}
