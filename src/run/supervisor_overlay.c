/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's part in fuse-overlayfs: starting it, handing it its device, hearing how it ended. */
#include "run/supervisor_internal.h"

#include "base/defence.h"
#include "base/log.h"
#include "base/process.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* What fuse-overlayfs needs to end, once it has closed its files. */
#define DYING_MS 500

/* The process that becomes fuse-overlayfs: it leaves behind what it is started by, and waits for its ids. */
static int begin_overlay(Supervisor *s, size_t index)
{
        int ends[2];
        if (s->n_overlays == OVERLAYS_MAX)
                return error_set(&s->error, E2BIG, "more than %d file systems by fuse-overlayfs",
                                 OVERLAYS_MAX);
        int r = channel_make(ends);
        if (r < 0)
                return error_set_errno(&s->error, r, "making a channel");
        CLEANUP_FD int ours = ends[0], theirs = ends[1];
        Overlay *o = &s->overlays[s->n_overlays++];
        *o = (Overlay){.index = index,
                       .channel = FD_NONE,
                       .joiner = FD_NONE,
                       .pidfd = FD_NONE,
                       .log = memfd_create("kurung-overlay", MFD_CLOEXEC)};
        const OverlayStage stage = {
                .ctx = &s->stage,
                .index = index,
                .program = defence_helper(s->plan->root.fuse_overlayfs),
                .userns = s->userns,
                .placeholders = s->plan->root.ops[index].placeholders ? s->placeholders : FD_NONE,
                .placeholders_path = s->placeholders_path,
                .channel = theirs,
                .log = o->log,
                .confined = defence_is_on(DEFENCE_CONFINE),
        };
        pid_t pid = process_clone(0, &o->joiner);
        if (pid == 0) {
                const int own[] = {theirs, s->userns, stage.placeholders, o->log, s->run.fd};
                (void)process_keep_only(own, ARRAY_LEN(own));
                _exit(stage_overlay_main(&stage));
        }
        if (pid < 0)
                return error_set_errno(&s->error, (int)pid, "starting fuse-overlayfs");
        o->channel = TAKE_FD(ours);
        return 0;
}

int overlays_begin(Supervisor *s)
{
        int r = 0;
        if (s->overlays_begun)
                return 0;
        s->overlays_begun = true;
        for (size_t i = 0; r == 0 && i < s->plan->root.n_ops; i++)
                if (s->plan->root.ops[i].kind == OP_FUSE)
                        r = begin_overlay(s, i);
        return r;
}

static int let_overlay_go_on(Supervisor *s, Overlay *o)
{
        Message m;
        int r = channel_receive(o->channel, &m, &o->pidfd);
        (void)process_wait(o->joiner, NULL);
        o->joiner = fd_close(o->joiner);
        if (r > 0 && m.type == MSG_ERROR)
                s->error = m.error;
        else if (r <= 0 || m.type != MSG_STARTED || o->pidfd < 0)
                (void)error_set(&s->error, EIO, "starting fuse-overlayfs: its first process ended");
        /* One that has ended meanwhile is seen by its pidfd. */
        else
                (void)channel_send(o->channel, MSG_SYNC, SYNC_USERNS, FD_NONE);
        return s->error.errnum != 0 ? -s->error.errnum : 0;
}

int overlays_let_go_on(Supervisor *s)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < s->n_overlays; i++)
                if (s->overlays[i].joiner >= 0)
                        r = let_overlay_go_on(s, &s->overlays[i]);
        return r;
}

/* The setup stage has made the mount of operation @index: its server gets the other side. */
int overlays_serve(Supervisor *s, size_t index, int fuse_fd)
{
        for (size_t i = 0; i < s->n_overlays; i++) {
                Overlay *o = &s->overlays[i];
                if (o->index != index || o->channel < 0)
                        continue;
                /* One that has ended meanwhile is seen by its pidfd. */
                (void)channel_send(o->channel, MSG_FUSE_DEVICE, (int)index, fuse_fd);
                o->channel = fd_close(o->channel);
                int r = channel_send(s->channel, MSG_SYNC, SYNC_ROOTFS, FD_NONE);
                return r < 0 ? error_set_errno(&s->error, r, "talking to the setup stage") : 0;
        }
        return error_set(&s->error, EPROTO, "the setup stage asked for an overlay that is not in the plan");
}

/* The last line that fuse-overlayfs wrote to its stderr; its complaints about mount options are none of it.
 */
static void overlay_said(const Overlay *o, char *out, size_t room)
{
        char text[4096], *save = NULL;
        ssize_t n = o->log >= 0 ? pread(o->log, text, sizeof(text) - 1, 0) : 0;
        text[n > 0 ? n : 0] = '\0';
        out[0] = '\0';
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
                if (!str_starts(line, "unknown argument ignored"))
                        (void)snprintf(out, room, "%s", line);
}

void overlay_ended(Supervisor *s, Overlay *o)
{
        int status = 0;
        char said[256];
        (void)process_wait(o->pidfd, &status);
        o->pidfd = fd_close(o->pidfd);
        /* An end of the sandbox ends it, too: its file system is gone then. */
        if (s->killed || s->payload_ended || s->init < 0 || s->error.errnum != 0 || s->disk.end != DISK_FINE)
                return;
        overlay_said(o, said, sizeof(said));
        s->overlay_died = true;
        (void)error_set(&s->error, EIO, "fuse-overlayfs ended (status %d)%s%s: the sandbox was ended, too",
                        process_exit_code(status), said[0] ? ": " : "", said);
        supervisor_kill(s);
}

/*
 * A payload whose file system goes away ends by SIGBUS, or can't be executed: that comes to us before the end
 * of fuse-overlayfs, which closes its files first. So that the cause is told, it gets a moment to end.
 */
void overlays_look_for_dying(Supervisor *s)
{
        for (size_t i = 0; i < s->n_overlays; i++) {
                struct pollfd p = {.fd = s->overlays[i].pidfd, .events = POLLIN};
                if (p.fd >= 0 && poll(&p, 1, DYING_MS) > 0)
                        overlay_ended(s, &s->overlays[i]);
        }
}

bool overlays_are_stopped(const Supervisor *s)
{
        for (size_t i = 0; i < s->n_overlays; i++)
                if (s->overlays[i].stopped)
                        return true;
        return false;
}

/* Children that were stopped: a stopped fuse-overlayfs hangs the payload, and nobody would know why. */
void overlays_look_for_stopped(Supervisor *s)
{
        for (size_t i = 0; i < s->n_overlays; i++) {
                Overlay *o = &s->overlays[i];
                siginfo_t info = {0};
                if (o->pidfd < 0 ||
                    waitid((idtype_t)P_PIDFD, (id_t)o->pidfd, &info, WSTOPPED | WNOHANG) < 0 ||
                    info.si_pid == 0)
                        continue;
                o->stopped = true;
                log_notice("fuse-overlayfs was stopped; Ctrl-C ends the sandbox");
        }
}

void overlays_end(Supervisor *s)
{
        for (size_t i = 0; i < s->n_overlays; i++) {
                Overlay *o = &s->overlays[i];
                /* What it started is heard of, and ended, too. */
                if (o->joiner >= 0)
                        (void)let_overlay_go_on(s, o);
                if (o->pidfd >= 0) {
                        (void)process_signal(o->pidfd, SIGKILL);
                        (void)process_wait(o->pidfd, NULL);
                }
                o->pidfd = fd_close(o->pidfd);
                o->channel = fd_close(o->channel);
                o->log = fd_close(o->log);
        }
}
