/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the messages that stages may send, and the check of each message against it. */
#include "run/session_messages.h"

#include "base/defence.h"
#include "spec/namespace.h"
#include "run/session.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#define BIT(n) (1U << (n))
#define BY(sender) BIT(SENDER_##sender)
#define WHILE(state) BIT(SESSION_##state)

/* The supervisor reads messages of the state MAPPING only after it has left this state. */
#define WHILE_MADE (WHILE(MAPPING) | WHILE(BUILDING))
#define UNTIL_END (WHILE_MADE | WHILE(READY) | WHILE(STARTING) | WHILE(RUNNING))

static bool asks_for_cgroup(int value)
{
        return value == SYNC_CGROUP;
}

static bool asks_for_start(int value)
{
        return value == SYNC_NETNS;
}

static bool are_namespaces(int value)
{
        return value >= 0 && (unsigned)value < BIT(NS_MAX) && !((unsigned)value & BIT(NS_PAYLOAD_USER));
}

static bool is_payload_namespace(int value)
{
        return value == (int)BIT(NS_PAYLOAD_USER);
}

static bool is_pid(int value)
{
        return value > 0;
}

static bool is_signal(int value)
{
        return value > 0 && value < NSIG;
}

static bool is_end(int value)
{
        return WIFEXITED(value) || WIFSIGNALED(value);
}

static bool is_index(int value)
{
        return value >= 0;
}

/*
 * In the order in which a stage sends them. There can be two errors: one of the payload's stage, and one of
 * its parent.
 */
static const MessageRule rules[] = {
        {MSG_TAP, NULL, BY(SETUP), WHILE_MADE, 1, 1, supervisor_take_tap},
        {MSG_SOCKETS, NULL, BY(SETUP), WHILE_MADE, 1, 1, supervisor_take_sockets},
        {MSG_NAMESPACES, are_namespaces, BY(SETUP), WHILE_MADE, 2, MESSAGE_FDS_OF_VALUE,
         supervisor_take_namespaces},
        {MSG_MISSING, is_index, BY(SETUP), WHILE(BUILDING), 0, 0, supervisor_take_missing},
        {MSG_FUSE_DEVICE, is_index, BY(SETUP), WHILE(BUILDING), 0, 1, supervisor_take_fuse_device},
        {MSG_SYNC, asks_for_cgroup, BY(SETUP), WHILE(BUILDING), 1, 0, supervisor_take_cgroup_request},
        {MSG_MOUNTS, NULL, BY(SETUP), WHILE(BUILDING), 1, 1, supervisor_take_mounts},
        {MSG_SYNC, asks_for_start, BY(SETUP), WHILE(BUILDING), 1, 0, supervisor_take_ready},
        {MSG_TERMINAL, NULL, BY(SETUP) | BY(JOIN), WHILE(STARTING), 1, 1, session_take_terminal},
        {MSG_NAMESPACES, is_payload_namespace, BY(SETUP), WHILE(STARTING), 1, MESSAGE_FDS_OF_VALUE,
         supervisor_take_namespaces},
        {MSG_STARTED, is_pid, BY(SETUP) | BY(JOIN), WHILE(STARTING), 1, 0, session_take_started},
        {MSG_STOPPED, is_signal, BY(SETUP) | BY(JOIN), WHILE(RUNNING), 0, 0, session_take_stopped},
        {MSG_EXIT, is_end, BY(SETUP) | BY(JOIN), WHILE(RUNNING), 1, 0, session_take_exit},
        {MSG_EXIT_LAST, is_end, BY(SETUP) | BY(JOIN), WHILE(RUNNING), 1, 0, session_take_exit},
        {MSG_ERROR, NULL, BY(SETUP) | BY(JOIN), UNTIL_END, 2, 0, session_take_error},
        {MSG_STARTED, is_pid, BY(OVERLAY), WHILE(STARTING), 1, 1, NULL},
        {MSG_ERROR, NULL, BY(OVERLAY), WHILE(STARTING), 1, 0, NULL},
};

_Static_assert(ARRAY_LEN(rules) <= MESSAGE_RULES_MAX, "counts for each rule");

static const char *const senders[SENDERS] = {
        [SENDER_SETUP] = "the setup stage",
        [SENDER_JOIN] = "the joining process",
        [SENDER_OVERLAY] = "the stage of an overlay's server",
};

static const char *const states[SESSION_STATES] = {
        [SESSION_MAPPING] = "before its ids are mapped",  [SESSION_BUILDING] = "while it makes the sandbox",
        [SESSION_READY] = "while it waits for the start", [SESSION_STARTING] = "while it starts the command",
        [SESSION_RUNNING] = "while the command runs",     [SESSION_ENDING] = "after the command's end",
};

static const char *const names[] = {
        [MSG_SYNC] = "sync",
        [MSG_ERROR] = "error",
        [MSG_FUSE_DEVICE] = "FUSE device",
        [MSG_TERMINAL] = "terminal",
        [MSG_TAP] = "tap device",
        [MSG_SOCKETS] = "sockets",
        [MSG_NAMESPACES] = "namespaces",
        [MSG_MOUNTS] = "mounts",
        [MSG_MISSING] = "missing",
        [MSG_STARTED] = "started",
        [MSG_SIGNAL] = "signal",
        [MSG_STOPPED] = "stopped",
        [MSG_EXIT] = "exit",
        [MSG_EXIT_LAST] = "exit of the last",
};

static const MessageRule *rule_of(SessionSender sender, const Message *m)
{
        for (size_t i = 0; i < ARRAY_LEN(rules); i++)
                if (rules[i].type == m->type && (rules[i].senders & BIT(sender)) &&
                    (!rules[i].fits || rules[i].fits(m->value)))
                        return &rules[i];
        return NULL;
}

static size_t fds_of(const MessageRule *rule, int value)
{
        return rule->fds == MESSAGE_FDS_OF_VALUE ? (size_t)__builtin_popcount((unsigned)value)
                                                 : (size_t)rule->fds;
}

static int refuse(SessionSender sender, SessionState state, const Message *m, const char *why, Error *err)
{
        char number[24];
        bool known = (unsigned)m->type < ARRAY_LEN(names);
        (void)snprintf(number, sizeof(number), "number %d", (int)m->type);
        return error_set(err, EPROTO, "%s sent an unexpected message (%s) %s: %s", senders[sender],
                         known ? names[m->type] : number, states[state], why);
}

int message_check(MessageCounts *counts, SessionSender sender, SessionState state, const Message *m,
                  size_t n_fds, const MessageRule **ret, Error *err)
{
        const MessageRule *rule = rule_of(sender, m);
        if (!rule)
                return refuse(sender, state, m, "not one of its own", err);
        if (!(rule->states & BIT(state)))
                return refuse(sender, state, m, "out of order", err);
        if (n_fds != fds_of(rule, m->value))
                return refuse(sender, state, m, "wrong number of descriptors", err);
        unsigned *n = &counts->n[rule - rules];
        if (rule->max > 0 && *n >= rule->max)
                return refuse(sender, state, m, "one too many", err);
        *n += 1;
        *ret = rule;
        return 0;
}

/* Kills the session, and reads no further message of the stage. */
static void end_for(Session *s)
{
        session_kill(s);
        s->channel = fd_close(s->channel);
}

void session_handle_message(Session *s)
{
        Message m;
        int fds[CHANNEL_FDS_MAX] = {[0 ... CHANNEL_FDS_MAX - 1] = FD_NONE};
        size_t n = 0;
        const MessageRule *rule = NULL;
        SessionSender sender = s->ops->sender;
        int r = channel_receive_fds(s->channel, &m, fds, &n);
        if (r == -EBADMSG && defence_is_on(DEFENCE_PHASES)) {
                (void)error_set(&s->error, EPROTO, "%s sent something other than a message", senders[sender]);
                end_for(s);
                return;
        }
        if (r <= 0) {
                s->channel = fd_close(s->channel);
                return;
        }
        if (!defence_is_on(DEFENCE_PHASES))
                rule = rule_of(sender, &m);
        else if (message_check(&s->heard, sender, s->state, &m, n, &rule, &s->error) < 0)
                end_for(s);
        if (rule && rule->handle(s, &m, fds, n, &s->error) < 0)
                session_kill(s);
        for (size_t i = 0; i < n; i++)
                fd_close(fds[i]);
}
