/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's side of the net helper: starts it, passes the tap device to it, and receives its
 * attempts. */
#include "run/helper_net.h"

#include "base/clock.h"
#include "base/defence.h"
#include "base/log.h"
#include "base/path.h"
#include "base/process.h"
#include "confine/confine.h"
#include "mech/tap.h"

#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

/* Maximum number of refusals that are printed immediately; the rest is for -v and the report. */
#define TOLD_MAX 20
#define STOP_US 2000000
/* STOP_US for a helper that is still starting. */
#define START_US 10000000
/* Maximum number of messages before the supervisor polls everything else. */
#define MESSAGES_A_ROUND 64
/* More than the channel of an exited helper can hold. */
#define MESSAGES_AT_END 4096
/* The kernel has no larger value (IS_ERR_VALUE). */
#define ERRNUM_MAX 4095

/* Borrows the plan's lists: the configuration is written, and not cleared. */
static int make_config(const PlanNetwork *net, int *ret_fd)
{
        const NetConfig c = {.access = net->access};
        return net_config_write(&c, ret_fd);
}

static NetHelper *net_of(Helper *h)
{
        return (NetHelper *)(void *)h;
}

static int prepare(Helper *h, Error *err)
{
        NetHelper *n = net_of(h);
        int r = make_config(n->network, &n->config);
        return r < 0 ? error_set_errno(err, r, "cannot prepare the network") : 0;
}

static int start(Helper *h, Error *err)
{
        static char program[PATH_MAX];
        NetHelper *n = net_of(h);
        CLEANUP_FD int config = TAKE_FD(n->config);
        int ends[2];
        int r = snprintf(program, sizeof(program), "%s%s", n->network->helper, defence_program_suffix);
        if (r < 0 || (size_t)r >= sizeof(program))
                return error_set_errno(err, ENAMETOOLONG, "cannot start the net helper");
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
                return error_set_errno(err, errno, "cannot create a channel");
        CLEANUP_FD int ours = ends[0], theirs = ends[1];
        const uint64_t own = defence_is_on(DEFENCE_CONFINE) ? confine_namespaces : CLONE_NEWNS;
        NetStage stage = {
                .uid = n->uid, .gid = n->gid, .program = program, .channel = theirs, .config = config};
        pid_t pid = process_clone_exec(CLONE_NEWUSER | own, stage_net_main, &stage, &h->pidfd);
        if (pid < 0)
                return error_set_errno(err, (int)pid, "cannot start the net helper");
        n->pid = pid;
        h->channel = TAKE_FD(ours);
        return 0;
}

bool net_helper_lets_start(const NetHelper *n)
{
        return !n->network || (n->helper.channel >= 0 && (n->ready || n->network->access.n_publish == 0));
}

void net_helper_pass_tap(NetHelper *n, int fd)
{
        const NetMessage m = {.type = NETMSG_TAP};
        /* If the helper has exited, its end is handled elsewhere; closing @fd removes the device. */
        if (n->helper.channel >= 0 && fd >= 0)
                (void)net_message_send(n->helper.channel, &m, fd, true);
        fd_close(n->tap);
        n->tap = fd;
}

void net_helper_pass_sockets(NetHelper *n, int fd)
{
        const NetMessage m = {.type = NETMSG_SOCKETS};
        if (n->helper.channel >= 0 && net_access_has_tcp(&n->network->access))
                (void)net_message_send(n->helper.channel, &m, fd, true);
}

static void tell_refused(NetHelper *n, const NetAttempt *r)
{
        char target[NET_NAME_MAX + 64];
        if (r->allowed || n->told > TOLD_MAX)
                return;
        if (n->told++ == TOLD_MAX)
                log_notice("further refusals are not shown; -v lists all at the end");
        else
                log_notice("refused %s (%s)", net_report_target(r, target, sizeof(target)), r->reason);
}

static void tell_published(const NetPublish *p)
{
        char address[INET6_ADDRSTRLEN];
        bool v6 = p->address.family == AF_INET6;
        log_notice("published %s%s%s:%u -> %u/%s", v6 ? "[" : "",
                   net_address_print(&p->address, address, sizeof(address)), v6 ? "]" : "",
                   (unsigned)p->host_port, (unsigned)p->port, p->protocol == NET_UDP ? "udp" : "tcp");
}

/* The phases of the helper. It announces them: by NETMSG_READY, and after the supervisor's NETMSG_FINISH by
 * NETMSG_TOTALS. */
enum { NET_STARTING = 1, NET_SERVING = 2, NET_TELLING = 4, NET_DONE = 8 };

static const unsigned phases[] = {
        [NETMSG_PUBLISHED] = NET_STARTING,
        [NETMSG_READY] = NET_STARTING,
        [NETMSG_ATTEMPT] = NET_SERVING | NET_TELLING,
        [NETMSG_TOTALS] = NET_TELLING,
        [NETMSG_ERROR] = NET_STARTING | NET_SERVING | NET_TELLING,
};

static unsigned phase_of(const NetHelper *n)
{
        return n->report.complete ? NET_DONE
               : !n->ready        ? NET_STARTING
               : n->finishing     ? NET_TELLING
                                  : NET_SERVING;
}

/* Returns whether @p is the next port of the plan: the helper reports the ports in this order, and no others
 * are shown to the user. For port 0 the host's kernel chooses the port. */
static bool is_next_port(const NetHelper *n, const NetPublish *p)
{
        const NetPublish *next = &n->network->access.publish[n->published];
        return n->published < n->network->access.n_publish && net_address_eq(&p->address, &next->address) &&
               (next->host_port == 0 || p->host_port == next->host_port) && p->port == next->port &&
               p->protocol == next->protocol;
}

static bool may_say(const NetHelper *n, const NetMessage *m)
{
        if (!defence_is_on(DEFENCE_PHASES))
                return true;
        return (size_t)m->type < ARRAY_LEN(phases) && (phases[m->type] & phase_of(n)) &&
               (m->type != NETMSG_PUBLISHED || is_next_port(n, &m->publish));
}

/* Returns 1: there may be more; 0: not now; -errno: no network. */
static int handle_one(NetHelper *n, Error *err)
{
        NetMessage m;
        int r = net_message_receive(n->helper.channel, &m, NULL);
        if (r == -EAGAIN)
                return 0;
        if (r <= 0) {
                n->helper.channel = fd_close(n->helper.channel);
                return r < 0 ? error_set_errno(err, r, "cannot communicate with the net helper") : 0;
        }
        if (!may_say(n, &m))
                return error_set(err, EPROTO, "the net helper sent an unexpected message");
        switch (m.type) {
        case NETMSG_READY:
                n->ready = true;
                return 1;
        case NETMSG_PUBLISHED:
                if (n->published < NET_PUBLISH_MAX)
                        n->ports[n->published++] = m.publish;
                tell_published(&m.publish);
                return 1;
        case NETMSG_ATTEMPT:
                r = net_report_take(&n->report, &m.attempt);
                if (r > 0)
                        tell_refused(n, &m.attempt);
                return r < 0 ? error_no_memory(err) : 1;
        case NETMSG_TOTALS:
                n->report.totals = m.totals;
                n->report.complete = true;
                return 1;
        case NETMSG_ERROR:
                /* The helper's text, but kurung's exit code. */
                m.error.exit_code = EXIT_KURUNG_FAILED;
                return error_take(err, &m.error, "the net helper");
        case NETMSG_TAP:
        case NETMSG_SOCKETS:
        case NETMSG_FINISH:
                break;
        }
        return error_set(err, EPROTO, "the net helper sent an unexpected message");
}

/* Handles a limited number of messages, because a helper that was taken over may never stop sending. */
static int handle_some(NetHelper *n, unsigned max, Error *err)
{
        int r;
        bool bounded = defence_is_on(DEFENCE_ROUNDS);
        for (unsigned i = 0; (i < max || !bounded) && n->helper.channel >= 0 && (r = handle_one(n, err)) != 0;
             i++)
                if (r < 0)
                        return r;
        return 0;
}

static int on_message(Helper *h, Error *err)
{
        return handle_some(net_of(h), MESSAGES_A_ROUND, err);
}

/* Reaps the helper. Returns why there is, or was, no network. */
static const char *end_of(NetHelper *n, const Error *said)
{
        static char why[ERROR_TEXT_MAX];
        int status = 0;
        (void)process_wait(n->helper.pidfd, &status);
        n->helper.pidfd = fd_close(n->helper.pidfd);
        n->helper.channel = fd_close(n->helper.channel);
        if (said->errnum)
                (void)snprintf(why, sizeof(why), "%s", said->text);
        else
                (void)snprintf(why, sizeof(why), "the net helper exited (status %d)%s",
                               process_exit_code(status),
                               process_exit_code(status) == EXIT_NOT_FOUND
                                       ? ": a library is missing (\"kurung doctor\" names it)"
                                       : "");
        return why;
}

static int no_network(Error *err, const Error *said, const char *why)
{
        return error_set(err, said->errnum ? said->errnum : EIO, "no network: %s", why);
}

static int on_end(Helper *h, bool expected, Error *err)
{
        NetHelper *n = net_of(h);
        Error said = {0};
        (void)expected;
        (void)handle_some(n, MESSAGES_AT_END, &said);
        const char *why = end_of(n, &said);
        if (!n->ready)
                return no_network(err, &said, why);
        /* The device disappears with the namespace. */
        if (n->finishing)
                return 0;
        tap_take_down(n->tap);
        n->tap = FD_NONE;
        n->helper.died = true;
        log_error("the sandbox lost its network: %s", why);
        return 0;
}

static void list_attempts(const NetReport *report)
{
        for (size_t i = 0; i < report->n_attempts; i++) {
                const NetAttempt *r = &report->attempts[i];
                char target[NET_NAME_MAX + 64];
                log_detail("%s %s, %llu times (%s)", r->allowed ? "allowed" : "refused",
                           net_report_target(r, target, sizeof(target)), (unsigned long long)r->count,
                           r->reason);
        }
        if (report->totals.overflow > 0)
                log_detail("%llu attempts to further destinations are not listed",
                           (unsigned long long)report->totals.overflow);
        if (report->totals.dropped > 0)
                log_detail("%llu frames were dropped: malformed, or with a forged source",
                           (unsigned long long)report->totals.dropped);
}

void net_helper_finish(NetHelper *n)
{
        const NetMessage finish = {.type = NETMSG_FINISH};
        if (!n->finishing && n->helper.channel >= 0 && n->tap >= 0)
                n->finishing = net_message_send(n->helper.channel, &finish, FD_NONE, false) == 0;
}

static int stop(Helper *h, Error *err)
{
        NetHelper *n = net_of(h);
        Error said = {0};
        int r = 0;
        net_helper_finish(n);
        if (n->finishing) {
                struct pollfd fds = {.fd = n->helper.channel, .events = POLLIN};
                uint64_t end = clock_us() + (n->ready ? STOP_US : START_US);
                bool bounded = defence_is_on(DEFENCE_ROUNDS);
                while (n->helper.channel >= 0 && !n->report.complete &&
                       poll(&fds, 1, bounded ? clock_until(end) : -1) > 0)
                        if (on_message(h, &said) < 0 || (bounded && clock_us() >= end))
                                break;
        }
        if (n->helper.pidfd >= 0) {
                bool failed = n->tap >= 0 && !n->ready;
                (void)process_signal(n->helper.pidfd, SIGKILL);
                const char *why = end_of(n, &said);
                if (failed)
                        r = no_network(err, &said, why);
        }
        n->tap = fd_close(n->tap);
        n->config = fd_close(n->config);
        list_attempts(&n->report);
        return r;
}

static const HelperKind net_kind = {
        .name = "the net helper",
        .early = true,
        .prepare = prepare,
        .start = start,
        .on_message = on_message,
        .on_end = on_end,
        .stop = stop,
};

NetHelper net_helper_make(const PlanNetwork *network, uid_t uid, gid_t gid)
{
        return (NetHelper){.helper = HELPER_OF(&net_kind),
                           .network = network,
                           .uid = uid,
                           .gid = gid,
                           .config = FD_NONE,
                           .tap = FD_NONE};
}
