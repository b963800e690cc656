/* SPDX-License-Identifier: Apache-2.0 */
/* Handles the messages of a run's setup stage, by the table of session_messages.c. */
#include "run/supervisor_internal.h"

#include "base/defence.h"
#include "base/log.h"
#include "base/timings.h"
#include "plan/plan_text.h"

#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>

/* The setup stage has made the mount of an operation: pass its device to the server. */
static int serve_overlay(Supervisor *s)
{
        CLEANUP_FD int fd = TAKE_FD(s->fuse_fd);
        Error *err = &s->session.error;
        for (size_t i = 0; i < s->n_overlays; i++) {
                if (s->overlays[i].stage.index != s->fuse_index || overlay_helper_is_served(&s->overlays[i]))
                        continue;
                overlay_helper_serve(&s->overlays[i], fd);
                int r = session_sync(&s->session, SYNC_ROOTFS);
                return r < 0 ? error_set_errno(err, r, "cannot communicate with the setup stage") : 0;
        }
        return error_set(err, EPROTO, "the setup stage requested an overlay that is not in the plan");
}

/* Helpers start in their group, and the setup stage continues in its own. */
void supervisor_groups_are_ready(Supervisor *s)
{
        Session *session = &s->session;
        if (!s->limits.ready)
                return;
        if (helpers_start(&session->helpers, false, &session->error) < 0 ||
            helpers_mapped(&session->helpers, &session->error) < 0)
                session_kill(session);
        if (s->fuse_fd >= 0 && serve_overlay(s) < 0)
                session_kill(session);
        if (s->cgroup_awaited && session_sync(session, SYNC_CGROUP) == 0)
                s->cgroup_awaited = false;
}

void supervisor_let_start(Supervisor *s)
{
        Session *session = &s->session;
        if (session->state != SESSION_READY || !net_helper_lets_start(&s->net))
                return;
        (void)session_sync(session, SYNC_EXEC);
        session_enter(session, SESSION_STARTING);
}

int supervisor_take_tap(Session *session, const Message *m, int *fds, size_t n, Error *err)
{
        (void)m;
        (void)n;
        (void)err;
        net_helper_pass_tap(&supervisor_of(session)->net, TAKE_FD(fds[0]));
        return 0;
}

int supervisor_take_sockets(Session *session, const Message *m, int *fds, size_t n, Error *err)
{
        (void)m;
        (void)n;
        (void)err;
        net_helper_pass_sockets(&supervisor_of(session)->net, fds[0]);
        return 0;
}

int supervisor_take_namespaces(Session *session, const Message *m, int *fds, size_t n, Error *err)
{
        int *ns = supervisor_of(session)->ns;
        size_t at = 0;
        for (size_t i = 0; i < NS_MAX && at < n; i++) {
                if (!((unsigned)m->value & (1U << i)))
                        continue;
                if (ns[i] >= 0 && defence_is_on(DEFENCE_PHASES))
                        return error_set(err, EPROTO, "the setup stage sent a namespace twice");
                fd_close(ns[i]);
                ns[i] = TAKE_FD(fds[at]);
                at++;
        }
        return 0;
}

int supervisor_take_fuse_device(Session *session, const Message *m, int *fds, size_t n, Error *err)
{
        Supervisor *s = supervisor_of(session);
        (void)n;
        if (s->fuse_fd >= 0)
                return error_set(err, EPROTO, "the setup stage did not wait for an overlay");
        s->fuse_index = (size_t)m->value;
        s->fuse_fd = TAKE_FD(fds[0]);
        supervisor_groups_are_ready(s);
        return 0;
}

int supervisor_take_cgroup_request(Session *session, const Message *m, int *fds, size_t n, Error *err)
{
        Supervisor *s = supervisor_of(session);
        (void)m;
        (void)fds;
        (void)n;
        (void)err;
        s->cgroup_awaited = true;
        supervisor_groups_are_ready(s);
        return 0;
}

/* Users who request to hide a path would believe that it is hidden. */
int supervisor_take_missing(Session *session, const Message *m, int *fds, size_t n, Error *err)
{
        Supervisor *s = supervisor_of(session);
        const PlanRoot *root = &s->plan->root;
        (void)fds;
        (void)n;
        if ((size_t)m->value >= root->n_ops || m->value <= s->told_missing)
                return error_set(err, EPROTO, "the setup stage misses what is not in the plan");
        s->told_missing = m->value;
        const PlanOp *op = &root->ops[m->value];
        if (op->origin)
                log_notice("%s: '%s' does not exist, so nothing is hidden%s", op->origin, op->dest,
                           strpbrk(op->dest, "*?[") ? " (wildcards are not expanded)" : "");
        return 0;
}

int supervisor_take_mounts(Session *session, const Message *m, int *fds, size_t n, Error *err)
{
        struct statfs fs;
        (void)m;
        (void)n;
        /* The descriptor is read to its end, and a pipe may never have one. */
        if (defence_is_on(DEFENCE_PHASES) && (fstatfs(fds[0], &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC))
                return error_set(err, EPROTO, "the setup stage sent something other than its mounts");
        return mount_watch_begin(&supervisor_of(session)->mounts, TAKE_FD(fds[0]), err);
}

int supervisor_take_ready(Session *session, const Message *m, int *fds, size_t n, Error *err)
{
        (void)m;
        (void)fds;
        (void)n;
        (void)err;
        session_enter(session, SESSION_READY);
        supervisor_let_start(supervisor_of(session));
        return 0;
}

static int record_ports(const NetHelper *net, LiveRecord *record)
{
        char text[NET_PUBLISH_TEXT_MAX];
        int r = 0;
        for (size_t i = 0; r == 0 && i < net->published; i++)
                r = strlist_add(&record->ports, net_publish_print(&net->ports[i], text, sizeof(text)));
        return r;
}

/* From now on, other commands find the sandbox by its name. If that fails, the sandbox still runs. */
void supervisor_started(Session *session)
{
        Supervisor *s = supervisor_of(session);
        LiveRecord *record = &s->record;
        timings_reached("wait for the start of the command");
        Error err = {0};
        if (s->plan->storage.stateless)
                return;
        record->init = s->init_pid;
        record->userns = s->userns;
        memcpy(record->ns, s->ns, sizeof(s->ns));
        record->started = s->report->started;
        record->filter = strdup(s->filter.key);
        record->cgroup = cgroup_payload_path(&s->limits.cgroup);
        if (record->cgroup && s->limits.scope.unit[0])
                record->unit = strdup(s->limits.scope.unit);
        if (!record->filter || record_ports(&s->net, record) < 0)
                (void)error_no_memory(&err);
        else
                (void)live_write(s->plan->storage.live_dir, s->report->name, record, &s->live, &err);
        if (err.errnum != 0)
                log_detail("other kurung commands cannot find the sandbox '%s': %s", s->report->name,
                           err.text);
}
