/* SPDX-License-Identifier: Apache-2.0 */
/* Supervises a session from the start of its stage to its end: signals, job control, the terminal, one poll
 * loop. */
#include "run/session.h"

#include "base/clock.h"
#include "base/defence.h"
#include "base/log.h"
#include "base/process.h"
#include "mech/namespaces.h"
#include "run/signals.h"
#include "state/live.h"

#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

/* Time between the second Ctrl-C and SIGKILL. */
#define SECOND_INTERRUPT_US 1000000

int session_prepare(Session *s, Error *err)
{
        /* This precedes any child, because helpers also handle the payload's data. */
        int r = defence_is_on(DEFENCE_CORE) && !s->independent ? process_forbid_core_dumps(s->cores_given)
                                                               : 0;
        if (r < 0)
                return error_set_errno(err, r, "cannot limit core dumps");
        return s->terminal == TERMINAL_OWN ? streams_prepare(&s->streams, err) : 0;
}

int session_take_signals(Session *s, const int *extra, size_t n, Error *err)
{
        if (!s->independent)
                return signals_take(extra, n, &s->signals_before, &s->signals, &s->stops, err);
        /* A caller that ignores it would reap the sandbox itself (wait(2)). */
        return signal(SIGCHLD, SIG_DFL) == SIG_ERR ? error_set_errno(err, errno, "cannot handle SIGCHLD") : 0;
}

int session_make_channel(Session *s, int *ret_theirs, Error *err)
{
        int ends[2];
        int r = channel_make(ends);
        if (r < 0)
                return error_set_errno(err, r, "cannot create a channel");
        s->channel = ends[0];
        *ret_theirs = ends[1];
        return 0;
}

pid_t session_clone_stage(Session *s, const PlanNamespaces *namespaces, int (*main)(void *userdata),
                          void *userdata, const int *keep, size_t n, Error *err)
{
        pid_t pid = namespaces_clone(namespaces, &s->stage, err);
        if (pid == 0) {
                if (streams_take(&s->streams) < 0)
                        _exit(EXIT_KURUNG_FAILED);
                (void)process_keep_only(keep, n);
                _exit(main(userdata));
        }
        if (pid > 0)
                streams_given(&s->streams);
        return pid;
}

void session_enter(Session *s, SessionState state)
{
        if (state > s->state)
                s->state = state;
}

int session_sync(Session *s, SyncPoint point)
{
        int r = s->channel < 0 ? 0 : channel_send(s->channel, MSG_SYNC, (int)point, FD_NONE);
        return r == -EPIPE || r == -ECONNRESET ? 0 : r;
}

void session_kill(Session *s)
{
        s->killed = true;
        helpers_kill(&s->helpers);
        s->ops->kill(s);
}

bool session_is_ending(const Session *s)
{
        return s->killed || s->payload_ended || s->stage < 0 || s->error.errnum != 0;
}

/* Signals */

void session_tell(Session *s, int sig)
{
        if (sig == SIGCONT)
                s->stopped = false;
        if (s->state >= SESSION_STARTING && s->stage_is_payload && s->stage >= 0)
                (void)process_signal(s->stage, sig);
        else if (s->state >= SESSION_STARTING && s->channel >= 0)
                (void)channel_send(s->channel, MSG_SIGNAL, sig, FD_NONE);
}

void session_pass_on(Session *s, int sig)
{
        bool fatal = signals_is_fatal(sig);
        if (fatal && s->state < SESSION_STARTING) {
                s->ended_by = s->ended_by ? s->ended_by : sig;
                session_kill(s);
                return;
        }
        session_tell(s, sig);
        /* A stopped process does not handle signals. */
        if (fatal && s->stopped)
                session_tell(s, SIGCONT);
}

static void interrupt(Session *s)
{
        if (helpers_are_stopped(&s->helpers)) {
                s->ended_by = SIGINT;
                session_kill(s);
                return;
        }
        /* The second SIGINT is for a payload that ignores the first. It does not kill at once: timeout(1) and
         * npm(1) send one SIGINT to kurung and one to its group, with the same meaning. */
        if (++s->interrupts == 2)
                s->kill_at_us = clock_us() + SECOND_INTERRUPT_US;
        else if (s->interrupts > 2)
                session_kill(s);
        session_pass_on(s, SIGINT);
}

static void handle_signal(Session *s)
{
        struct signalfd_siginfo info;
        if (read(s->signals, &info, sizeof(info)) != sizeof(info))
                return;
        int sig = (int)info.ssi_signo;
        /* The payload is in kurung's session, and the terminal sent the signal to its whole foreground
         * group. */
        if (s->terminal == TERMINAL_INHERIT && info.ssi_code == SI_KERNEL && sig != SIGCHLD)
                return;
        if (sig == LIVE_SIGNAL_END) {
                s->interrupts = 2;
                session_kill(s);
                return;
        }
        switch (sig) {
        case SIGCHLD:
                helpers_look_for_stopped(&s->helpers);
                return;
        case SIGTTIN:
        case SIGTTOU:
                return;
        case SIGINT:
                interrupt(s);
                return;
        case SIGCONT:
                relay_resume(&s->relay);
                break;
        case SIGWINCH:
                relay_resize(&s->relay);
                if (s->relay.master >= 0 && !s->relay.only_output)
                        return; /* the pty informs its foreground group itself */
                break;
        case SIGTERM:
        case SIGHUP:
                s->told_to_end = true;
                break;
        default:
                break;
        }
        session_pass_on(s, sig);
}

/* Job control */

/*
 * kurung stops itself only on a request of the caller's side. Here, the suspend character was typed at the
 * relayed terminal, and has stopped the payload. So the rest of the process group (a pipeline) stops, as the
 * terminal would have stopped it, and kurung too, until another process continues it.
 */
static void stop_like_payload(Session *s)
{
        relay_suspend(&s->relay);
        (void)kill(0, SIGTSTP);
        signals_stop_self(true, s->timer);
        relay_resume(&s->relay);
        session_tell(s, SIGCONT);
}

/* Here, SIGTSTP comes from kill(1), or from the caller's terminal, which is not relayed. */
static void stop_as_told(Session *s)
{
        session_tell(s, SIGTSTP);
        relay_suspend(&s->relay);
        signals_stop_self(false, s->timer);
        relay_resume(&s->relay);
        session_tell(s, SIGCONT);
}

/* Handles input for a payload that does not respond. */
static void look_at_typed(Session *s)
{
        bool interrupted = relay_take_interrupt(&s->relay);
        if (interrupted && helpers_are_stopped(&s->helpers)) {
                s->ended_by = SIGINT;
                session_kill(s);
        } else if (interrupted && s->stopped) {
                relay_drop_typed(&s->relay);
                session_pass_on(s, SIGINT);
        } else if (s->stopped && relay_take_suspend(&s->relay)) {
                relay_drop_typed(&s->relay);
                stop_like_payload(s);
        }
}

/* Messages (session_messages.c) */

static void look_for_dying(Session *s)
{
        if (helpers_look_for_dying(&s->helpers, session_is_ending(s), &s->error) < 0)
                session_kill(s);
}

int session_take_error(Session *s, const Message *m, int *fds, size_t n, Error *err)
{
        int e = m->error.errnum;
        (void)fds;
        (void)n;
        /* The file system is lost; report the cause, not the consequence. */
        if (e == EIO || e == ENOTCONN || e == ECONNABORTED)
                look_for_dying(s);
        (void)error_take(err, &m->error, "a stage of the sandbox");
        return 0;
}

int session_take_terminal(Session *s, const Message *m, int *fds, size_t n, Error *err)
{
        unsigned number;
        (void)m;
        (void)n;
        /* A descriptor that is not a pty could block the supervisor, or keep it busy. */
        if (defence_is_on(DEFENCE_PHASES) && ioctl(fds[0], TIOCGPTN, &number) < 0)
                return error_set(err, EPROTO, "a stage of the sandbox sent something other than a terminal");
        relay_start(&s->relay, TAKE_FD(fds[0]));
        return 0;
}

int session_take_started(Session *s, const Message *m, int *fds, size_t n, Error *err)
{
        (void)fds;
        (void)n;
        (void)err;
        s->payload_pid = m->value;
        session_enter(s, SESSION_RUNNING);
        if (s->ops->started)
                s->ops->started(s);
        return 0;
}

/* A payload that stops itself stops no other process. */
int session_take_stopped(Session *s, const Message *m, int *fds, size_t n, Error *err)
{
        (void)m;
        (void)fds;
        (void)n;
        (void)err;
        s->stopped = true;
        if (relay_take_suspend(&s->relay) || !defence_is_on(DEFENCE_STOPS)) {
                stop_like_payload(s);
        } else if (s->relay.raw && !s->told_stopped) {
                s->told_stopped = true;
                log_notice("the command stopped itself: Ctrl-Z suspends kurung, Ctrl-C ends the command");
        }
        return 0;
}

int session_take_exit(Session *s, const Message *m, int *fds, size_t n, Error *err)
{
        (void)fds;
        (void)n;
        (void)err;
        if (WIFSIGNALED(m->value) && WTERMSIG(m->value) == SIGBUS)
                look_for_dying(s);
        s->payload_ended = true;
        s->payload_status = m->value;
        session_enter(s, SESSION_ENDING);
        if (s->ops->ended)
                s->ops->ended(s, m->type == MSG_EXIT_LAST);
        return 0;
}

/* The loop */

enum {
        POLL_SIGNALS,
        POLL_STOPS,
        POLL_CHANNEL,
        POLL_STAGE,
        POLL_STREAMS,
        POLL_RELAY = POLL_STREAMS + STREAMS,
        POLL_HELPERS = POLL_RELAY + RELAY_POLLS,
        POLL_OWN = POLL_HELPERS + HELPER_POLLS,
        POLLS = POLL_OWN + SESSION_OWN_POLLS,
};

static int poll_prepare(Session *s, struct pollfd fds[POLLS])
{
        fds[POLL_SIGNALS] = (struct pollfd){.fd = s->signals, .events = POLLIN};
        fds[POLL_STOPS] = (struct pollfd){.fd = s->stops, .events = POLLIN};
        fds[POLL_CHANNEL] = (struct pollfd){.fd = s->channel, .events = POLLIN};
        fds[POLL_STAGE] = (struct pollfd){.fd = s->stage, .events = POLLIN};
        for (size_t i = POLL_OWN; i < POLLS; i++)
                fds[i] = (struct pollfd){.fd = -1};
        int timeout = clock_until(s->kill_at_us);
        timeout = clock_sooner(timeout, streams_poll_prepare(&s->streams, fds + POLL_STREAMS));
        timeout = clock_sooner(timeout, relay_poll_prepare(&s->relay, fds + POLL_RELAY));
        helpers_poll_prepare(&s->helpers, fds + POLL_HELPERS);
        return s->ops->poll_prepare ? clock_sooner(timeout, s->ops->poll_prepare(s, fds + POLL_OWN))
                                    : timeout;
}

/* If the stage has become the payload, the kernel reports its end. */
static void stage_has_ended(Session *s)
{
        (void)process_wait(s->stage, &s->stage_status);
        s->stage = fd_close(s->stage);
        if (!s->stage_is_payload || s->state != SESSION_RUNNING || s->error.errnum != 0)
                return;
        s->payload_ended = true;
        s->payload_status = s->stage_status;
        session_enter(s, SESSION_ENDING);
        if (s->ops->ended)
                s->ops->ended(s, false);
}

static void poll_handle(Session *s, const struct pollfd fds[POLLS])
{
        if (fds[POLL_STOPS].revents)
                stop_as_told(s);
        if (fds[POLL_SIGNALS].revents)
                handle_signal(s);
        if (fds[POLL_CHANNEL].revents && s->channel >= 0)
                session_handle_message(s);
        if (helpers_handle_messages(&s->helpers, fds + POLL_HELPERS, &s->error) < 0)
                session_kill(s);
        if (s->ops->poll_handle)
                s->ops->poll_handle(s, fds + POLL_OWN);
        streams_poll_handle(&s->streams, fds + POLL_STREAMS);
        relay_poll_handle(&s->relay, fds + POLL_RELAY);
        look_at_typed(s);
        if (clock_until(s->kill_at_us) == 0) {
                s->kill_at_us = 0;
                session_kill(s);
        }
        /* The stage's last messages are read before its end is handled. */
        if (fds[POLL_STAGE].revents && s->channel < 0)
                stage_has_ended(s);
        if (helpers_handle_ends(&s->helpers, fds + POLL_HELPERS, session_is_ending(s), &s->error) < 0)
                session_kill(s);
}

static bool is_left(const Session *s)
{
        return (s->leave && s->state >= SESSION_RUNNING) || (s->independent && s->payload_ended);
}

void session_supervise(Session *s)
{
        log_set_patience(0, FD_NONE);
        while (s->stage >= 0 && !is_left(s)) {
                struct pollfd fds[POLLS];
                int timeout = poll_prepare(s, fds);
                if (poll(fds, POLLS, timeout) >= 0) {
                        poll_handle(s, fds);
                } else if (errno != EINTR) {
                        session_kill(s);
                        break;
                }
        }
}

void session_end(Session *s, int over)
{
        if (s->independent && s->payload_ended)
                s->stage = fd_close(s->stage);
        if (s->stage >= 0) {
                session_kill(s);
                (void)process_wait(s->stage, &s->stage_status);
                s->stage = fd_close(s->stage);
        }
        /* Early, because further input is for other programs. SIGTSTP can stop kurung until all output is
         * written. */
        relay_stop(&s->relay, &s->streams,
                   (StreamsEnd){.success = s->payload_ended && s->payload_status == 0,
                                .patient = s->payload_ended && WIFEXITED(s->payload_status),
                                .signals = s->signals,
                                .stops = s->stops,
                                .over = over},
                   &s->error);
}

void session_clear(Session *s)
{
        s->channel = fd_close(s->channel);
        if (s->signals >= 0)
                (void)sigprocmask(SIG_SETMASK, &s->signals_before, NULL);
        log_stop_watching();
        s->signals = fd_close(s->signals);
        s->stops = fd_close(s->stops);
}
