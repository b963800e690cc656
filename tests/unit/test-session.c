/* SPDX-License-Identifier: Apache-2.0 */
/* What stages may say, and when: every message, in every state, from every sender. */
#include "unit.h"

#include "base/fds.h"
#include "spec/namespace.h"
#include "run/helper_net.h"
#include "run/session.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* The states by their first letters; "y" is ready. */
static const char letters[] = "mbysre";

static bool is_one_of(int value, int a, int b)
{
        return value == a || value == b;
}

static unsigned bits(int value)
{
        unsigned n = 0;
        for (unsigned v = (unsigned)value; v; v >>= 1)
                n += v & 1;
        return n;
}

/* wait(2): by a signal, or by exit. */
static bool is_end(int value)
{
        return (value & 0x7f) != 0x7f;
}

/* In which states a message is to be taken; what nobody may ever send is "". */
static const char *expected(SessionSender sender, int type, int value, unsigned fds)
{
        bool setup = sender == SENDER_SETUP, stage = setup || sender == SENDER_JOIN;
        switch (type) {
        case MSG_SYNC:
                return setup && fds == 0 && is_one_of(value, SYNC_CGROUP, SYNC_NETNS) ? "b" : "";
        case MSG_ERROR:
                return fds != 0 ? "" : stage ? "mbysr" : "s";
        case MSG_FUSE_DEVICE:
                return setup && fds == 1 && value >= 0 ? "b" : "";
        case MSG_TERMINAL:
                return stage && fds == 1 ? "s" : "";
        case MSG_TAP:
        case MSG_SOCKETS:
                return setup && fds == 1 ? "mb" : "";
        case MSG_NAMESPACES:
                if (!setup || value < 0 || fds != bits(value))
                        return "";
                return value < 1 << NS_PAYLOAD_USER ? "mb" : value == 1 << NS_PAYLOAD_USER ? "s" : "";
        case MSG_MOUNTS:
                return setup && fds == 1 ? "b" : "";
        case MSG_MISSING:
                return setup && fds == 0 && value >= 0 ? "b" : "";
        case MSG_STARTED:
                return value > 0 && fds == (stage ? 0 : 1) ? "s" : "";
        case MSG_STOPPED:
                return stage && fds == 0 && value > 0 && value < NSIG ? "r" : "";
        case MSG_EXIT:
        case MSG_EXIT_LAST:
                return stage && fds == 0 && is_end(value) ? "r" : "";
        default:
                return "";
        }
}

static int check(MessageCounts *counts, SessionSender sender, int state, int type, int value, size_t fds,
                 Error *err)
{
        const Message m = {.type = (MessageType)type, .value = value};
        const MessageRule *rule = NULL;
        int r = message_check(counts, sender, (SessionState)state, &m, fds, &rule, err);
        assert_true(r == 0 ? rule != NULL : r == -EPROTO && rule == NULL);
        return r;
}

static void try_states(int type, int value, unsigned fds)
{
        for (int sender = 0; sender < SENDERS; sender++)
                for (int state = 0; state < SESSION_STATES; state++) {
                        MessageCounts counts = {0};
                        bool may = strchr(expected((SessionSender)sender, type, value, fds), letters[state]);
                        if ((check(&counts, (SessionSender)sender, state, type, value, fds, NULL) == 0) !=
                            may)
                                fail_msg("message %d, value %d, %u descriptors from sender %d in state %c is "
                                         "%s",
                                         type, value, fds, sender, letters[state], may ? "refused" : "taken");
                }
}

static void each_message_is_taken_in_its_states_from_its_senders_alone(void **state)
{
        static const int far[] = {INT32_MIN, 0x137f, 0xff00, 0xffff, INT32_MAX};
        (void)state;
        for (int type = -2; type < MSG_EXIT_LAST + 3; type++)
                for (unsigned fds = 0; fds <= CHANNEL_FDS_MAX; fds++) {
                        for (int value = -2; value < (1 << NS_MAX) + 2; value++)
                                try_states(type, value, fds);
                        for (size_t i = 0; i < ARRAY_LEN(far); i++)
                                try_states(type, far[i], fds);
                }
        try_states(INT32_MAX, 0, 0);
        try_states(INT32_MIN, 0, 0);
}

static void one_too_many_is_refused(void **state)
{
        static const struct {
                SessionSender sender;
                SessionState state;
                int type, value;
                unsigned fds, max;
        } limits[] = {
                {SENDER_SETUP, SESSION_BUILDING, MSG_TAP, 0, 1, 1},
                {SENDER_SETUP, SESSION_BUILDING, MSG_SOCKETS, 0, 1, 1},
                {SENDER_SETUP, SESSION_BUILDING, MSG_NAMESPACES, 1 << NS_MNT, 1, 2},
                {SENDER_SETUP, SESSION_STARTING, MSG_NAMESPACES, 1 << NS_PAYLOAD_USER, 1, 1},
                {SENDER_SETUP, SESSION_BUILDING, MSG_SYNC, SYNC_CGROUP, 0, 1},
                {SENDER_SETUP, SESSION_BUILDING, MSG_SYNC, SYNC_NETNS, 0, 1},
                {SENDER_SETUP, SESSION_BUILDING, MSG_MOUNTS, 0, 1, 1},
                {SENDER_SETUP, SESSION_STARTING, MSG_TERMINAL, 0, 1, 1},
                {SENDER_SETUP, SESSION_STARTING, MSG_STARTED, 2, 0, 1},
                {SENDER_SETUP, SESSION_RUNNING, MSG_EXIT, 0, 0, 1},
                {SENDER_SETUP, SESSION_RUNNING, MSG_EXIT_LAST, 0, 0, 1},
                {SENDER_SETUP, SESSION_RUNNING, MSG_ERROR, 0, 0, 2},
                {SENDER_JOIN, SESSION_STARTING, MSG_TERMINAL, 0, 1, 1},
                {SENDER_JOIN, SESSION_STARTING, MSG_STARTED, 2, 0, 1},
                {SENDER_JOIN, SESSION_RUNNING, MSG_EXIT, 0, 0, 1},
                {SENDER_JOIN, SESSION_RUNNING, MSG_ERROR, 0, 0, 2},
                {SENDER_OVERLAY, SESSION_STARTING, MSG_STARTED, 2, 1, 1},
                {SENDER_OVERLAY, SESSION_STARTING, MSG_ERROR, 0, 0, 1},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
                MessageCounts counts = {0};
                Error err = {0};
                for (unsigned n = 0; n < limits[i].max; n++)
                        assert_int_equal(check(&counts, limits[i].sender, (int)limits[i].state,
                                               limits[i].type, limits[i].value, limits[i].fds, &err),
                                         0);
                assert_int_equal(check(&counts, limits[i].sender, (int)limits[i].state, limits[i].type,
                                       limits[i].value, limits[i].fds, &err),
                                 -EPROTO);
                assert_non_null(strstr(err.text, "one too many"));
        }
        /* A stop is told of each time. */
        MessageCounts counts = {0};
        for (int n = 0; n < 1000; n++)
                assert_int_equal(check(&counts, SENDER_SETUP, SESSION_RUNNING, MSG_STOPPED, SIGTSTP, 0, NULL),
                                 0);
}

/* A session without a process, that only hears. */
static unsigned kills, ends;

static void count_kill(Session *s)
{
        (void)s;
        kills++;
}

static void count_end(Session *s, bool last)
{
        (void)s;
        (void)last;
        ends++;
}

static const SessionOps test_ops = {.sender = SENDER_JOIN, .kill = count_kill, .ended = count_end};

static Session make_session(SessionState state, int *ret_stage)
{
        Session s = SESSION_OF(&test_ops);
        int ends_of[2];
        assert_int_equal(channel_make(ends_of), 0);
        s.channel = ends_of[0];
        *ret_stage = ends_of[1];
        s.state = state;
        kills = ends = 0;
        return s;
}

static int lowest_free(void)
{
        int fd = dup(0);
        fd_close(fd);
        return fd;
}

static void an_order_that_is_kept_leads_from_state_to_state(void **state)
{
        int stage;
        Session s = make_session(SESSION_STARTING, &stage);
        (void)state;
        assert_int_equal(channel_send(stage, MSG_STARTED, 42, FD_NONE), 0);
        session_handle_message(&s);
        assert_int_equal(s.state, SESSION_RUNNING);
        assert_int_equal(s.payload_pid, 42);
        assert_int_equal(channel_send(stage, MSG_STOPPED, SIGTSTP, FD_NONE), 0);
        session_handle_message(&s);
        assert_true(s.stopped);
        assert_int_equal(channel_send(stage, MSG_EXIT, 3 << 8, FD_NONE), 0);
        session_handle_message(&s);
        assert_int_equal(s.state, SESSION_ENDING);
        assert_int_equal(s.payload_status, 3 << 8);
        assert_int_equal(ends, 1);
        fd_close(stage);
        session_handle_message(&s);
        assert_true(s.channel < 0);
        assert_int_equal(s.error.errnum, 0);
        assert_int_equal(kills, 0);
        /* No way leads back. */
        session_enter(&s, SESSION_RUNNING);
        assert_int_equal(s.state, SESSION_ENDING);
}

/* The session is over, with an error, and whatever comes afterwards is not heard. */
static void assert_ended(Session *s, int stage, const char *text, int next)
{
        session_handle_message(s);
        assert_int_equal(kills, 1);
        assert_true(s->killed);
        assert_int_equal(s->error.errnum, EPROTO);
        assert_non_null(strstr(s->error.text, text));
        assert_false(s->payload_ended);
        assert_int_equal(ends, 0);
        assert_true(s->channel < 0);
        assert_int_equal(channel_send(stage, MSG_EXIT, 0, FD_NONE), -EPIPE);
        fd_close(stage);
        assert_int_equal(lowest_free(), next);
}

static void what_breaks_the_order_ends_the_session_once(void **state)
{
        int stage, next = lowest_free();
        (void)state;
        Session s = make_session(SESSION_STARTING, &stage);
        assert_int_equal(channel_send(stage, MSG_EXIT, 0, FD_NONE), 0);
        assert_ended(&s, stage, "(exit) while it starts the command: out of order", next);

        s = make_session(SESSION_RUNNING, &stage);
        assert_int_equal(channel_send(stage, MSG_TAP, 0, 0), 0);
        assert_ended(&s, stage, "(tap device) while the command runs: not one of its own", next);

        s = make_session(SESSION_RUNNING, &stage);
        assert_int_equal(channel_send(stage, MSG_EXIT, 0, 0), 0);
        assert_ended(&s, stage, "(exit) while the command runs: wrong number of descriptors", next);

        s = make_session(SESSION_RUNNING, &stage);
        const int many[CHANNEL_FDS_MAX] = {0};
        assert_int_equal(channel_send_fds(stage, MSG_STOPPED, SIGTSTP, many, ARRAY_LEN(many)), 0);
        assert_ended(&s, stage, "wrong number of descriptors", next);

        s = make_session(SESSION_RUNNING, &stage);
        assert_int_equal(channel_send(stage, (MessageType)4711, 0, FD_NONE), 0);
        assert_ended(&s, stage, "(number 4711) while the command runs: not one of its own", next);

        s = make_session(SESSION_RUNNING, &stage);
        assert_int_equal(send(stage, "x", 1, 0), 1);
        assert_ended(&s, stage, "other than a message", next);
}

/* In place of libc's: counts what is closed although it is not open. */
static unsigned closed_again;

int close(int fd)
{
        int r = (int)syscall(SYS_close, fd);
        closed_again += r < 0 && errno == EBADF;
        return r;
}

static unsigned count_open(void)
{
        unsigned n = 0;
        for (int fd = 0; fd < 256; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

static void send_to_session(SessionSender sender, SessionState state, int type, int value, const int *fds,
                            size_t n)
{
        const SessionOps ops = {.sender = sender, .kill = count_kill, .ended = count_end};
        int stage;
        Session s = make_session(state, &stage);
        s.ops = &ops;
        assert_int_equal(channel_send_fds(stage, (MessageType)type, value, fds, n), 0);
        session_handle_message(&s);
        fd_close(s.channel);
        fd_close(stage);
}

/* Whether a message is refused or taken, its descriptors are closed, and closed once: a second time, the
 * number may be that of another file. */
static void received_descriptors_are_closed_once(void **state)
{
        static const int values[] = {-1, 0, 1, 3, SIGTSTP, 1 << NS_MNT, 1 << NS_PAYLOAD_USER};
        int fds[CHANNEL_FDS_MAX];
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(fds); i++)
                assert_true((fds[i] = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0);
        unsigned open_before = count_open();
        closed_again = 0;
        for (int type = -1; type < MSG_EXIT_LAST + 2; type++)
                for (int at = 0; at < SESSION_STATES; at++)
                        for (size_t v = 0; v < ARRAY_LEN(values); v++)
                                for (unsigned n = 0; n <= CHANNEL_FDS_MAX; n++) {
                                        send_to_session(SENDER_JOIN, (SessionState)at, type, values[v], fds,
                                                        n);
                                        /* What setup may send has an effect on the run that it belongs to. */
                                        if (!strchr(expected(SENDER_SETUP, type, values[v], n), letters[at]))
                                                send_to_session(SENDER_SETUP, (SessionState)at, type,
                                                                values[v], fds, n);
                                        if (count_open() != open_before || closed_again > 0)
                                                fail_msg("message %d, value %d, %u descriptors in state %c: "
                                                         "%u open, not %u; "
                                                         "%u closed again",
                                                         type, values[v], n, letters[at], count_open(),
                                                         open_before, closed_again);
                                }
        fds_close(fds, ARRAY_LEN(fds));
}

static void descriptors_of_the_net_helper_are_closed_once(void **state)
{
        PlanNetwork network = {.access = {.n_publish = 1}};
        int fds[3];
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(fds); i++)
                assert_true((fds[i] = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0);
        unsigned open_before = count_open();
        closed_again = 0;
        for (int type = NETMSG_TAP; type <= NETMSG_TOTALS + 1; type++)
                for (size_t n = 1; n <= ARRAY_LEN(fds); n++) {
                        NetHelper helper = net_helper_make(&network, 0, 0);
                        const NetMessage m = {.type = (NetMessageType)type};
                        Error err = {0};
                        int ends_of[2];
                        assert_int_equal(channel_make(ends_of), 0);
                        helper.helper.channel = ends_of[0];
                        assert_int_equal(fds_send(ends_of[1], &m, offsetof(NetMessage, error), fds, n, 0), 0);
                        assert_true(helper.helper.kind->on_message(&helper.helper, &err) < 0);
                        fd_close(helper.helper.channel);
                        fd_close(ends_of[1]);
                        net_report_clear(&helper.report);
                        assert_int_equal(count_open(), open_before);
                        assert_int_equal(closed_again, 0);
                }
        fds_close(fds, ARRAY_LEN(fds));
}

static void a_terminal_is_a_pty(void **state)
{
        int stage, null = open("/dev/null", O_RDWR | O_CLOEXEC);
        Session s = make_session(SESSION_STARTING, &stage);
        (void)state;
        assert_int_equal(channel_send(stage, MSG_TERMINAL, 0, null), 0);
        session_handle_message(&s);
        assert_int_equal(s.error.errnum, EPROTO);
        assert_int_equal(kills, 1);
        assert_true(s.relay.master < 0);
        fd_close(s.channel);
        fd_close(stage);
        fd_close(null);
}

static void errors_come_twice_at_most_and_the_first_counts(void **state)
{
        int stage;
        Session s = make_session(SESSION_STARTING, &stage);
        Error first = {.errnum = ENOENT, .exit_code = EXIT_NOT_FOUND, .text = "first"}, second = first;
        (void)state;
        (void)snprintf(second.text, sizeof(second.text), "second");
        assert_int_equal(channel_send_error(stage, &first), 0);
        assert_int_equal(channel_send_error(stage, &second), 0);
        session_handle_message(&s);
        session_handle_message(&s);
        assert_int_equal(kills, 0);
        assert_string_equal(s.error.text, "first");
        assert_int_equal(s.error.exit_code, EXIT_NOT_FOUND);
        assert_int_equal(channel_send_error(stage, &second), 0);
        session_handle_message(&s);
        assert_int_equal(kills, 1);
        assert_string_equal(s.error.text, "first");
        fd_close(stage);
}

/* A helper that says something out of order ends the session as well, and those without a process are left.
 */
static int says_nothing_good(Helper *h, Error *err)
{
        h->channel = fd_close(h->channel);
        return error_set(err, EPROTO, "out of order");
}

static int is_fine(Helper *h, Error *err)
{
        (void)h;
        (void)err;
        return 0;
}

static void helpers_are_heard_and_started_in_their_turn(void **state)
{
        static const HelperKind early = {.name = "early", .early = true, .start = is_fine, .stop = is_fine};
        static const HelperKind late = {
                .name = "late", .start = is_fine, .on_message = says_nothing_good, .stop = is_fine};
        Helper a = HELPER_OF(&late), b = HELPER_OF(&early);
        HelperList list = {0};
        struct pollfd fds[HELPER_POLLS];
        Error err = {0};
        int ends_of[2];
        (void)state;
        assert_int_equal(helpers_add(&list, &a, &err), 0);
        assert_int_equal(helpers_add(&list, &b, &err), 0);
        assert_int_equal(helpers_start(&list, true, &err), 0);
        assert_true(b.started && !a.started);
        assert_int_equal(helpers_start(&list, false, &err), 0);
        assert_true(a.started);
        assert_int_equal(channel_make(ends_of), 0);
        a.channel = ends_of[0];
        helpers_poll_prepare(&list, fds);
        assert_int_equal(poll(fds, ARRAY_LEN(fds), 0), 0);
        assert_int_equal(helpers_handle_messages(&list, fds, &err), 0);
        assert_int_equal(send(ends_of[1], "x", 1, 0), 1);
        assert_int_equal(poll(fds, ARRAY_LEN(fds), 0), 1);
        assert_int_equal(helpers_handle_messages(&list, fds, &err), -EPROTO);
        /* Its channel is closed, and not looked at in the same round. */
        assert_int_equal(helpers_handle_messages(&list, fds, &err), 0);
        assert_int_equal(helpers_stop(&list, &err), 0);
        fd_close(ends_of[1]);
        while (list.n < HELPERS_MAX)
                assert_int_equal(helpers_add(&list, &a, &err), 0);
        assert_int_equal(helpers_add(&list, &a, &err), -E2BIG);
}

/* Of the net helper: starting, serving, telling, done. */
static const char *net_expected(NetMessageType type)
{
        switch (type) {
        case NETMSG_PUBLISHED:
        case NETMSG_READY:
                return "s";
        case NETMSG_ATTEMPT:
                return "vt";
        case NETMSG_TOTALS:
                return "t";
        case NETMSG_ERROR:
                return "svt";
        default:
                return "";
        }
}

static void the_net_helper_says_what_its_phase_allows(void **state)
{
        static const char phases[] = "svtd";
        PlanNetwork network = {.access = {.n_publish = 1}};
        (void)state;
        network.access.publish[0] = (NetPublish){.protocol = NET_TCP, .port = 80, .host_port = 8080};
        network.access.publish[0].address.family = AF_INET;
        for (int type = NETMSG_TAP; type <= NETMSG_TOTALS; type++)
                for (size_t i = 0; phases[i]; i++) {
                        NetHelper n = net_helper_make(&network, 0, 0);
                        NetMessage m = {.type = (NetMessageType)type};
                        Error err = {0};
                        int ends_of[2];
                        if (type == NETMSG_PUBLISHED)
                                m.publish = network.access.publish[0];
                        if (type == NETMSG_ERROR)
                                (void)error_set(&m.error, ENOENT, "its own");
                        assert_int_equal(channel_make(ends_of), 0);
                        n.helper.channel = ends_of[0];
                        n.ready = i > 0;
                        n.finishing = i > 1;
                        n.report.complete = i > 2;
                        assert_int_equal(net_message_send(ends_of[1], &m, FD_NONE, true), 0);
                        bool may = strchr(net_expected(m.type), phases[i]);
                        int r = n.helper.kind->on_message(&n.helper, &err);
                        assert_int_equal(r, !may ? -EPROTO : type == NETMSG_ERROR ? -ENOENT : 0);
                        fd_close(n.helper.channel);
                        fd_close(ends_of[1]);
                        net_report_clear(&n.report);
                }
}

static void the_net_helper_tells_only_of_the_ports_of_the_plan(void **state)
{
        PlanNetwork network = {.access = {.n_publish = 2}};
        NetHelper n = net_helper_make(&network, 0, 0);
        NetMessage m = {.type = NETMSG_PUBLISHED};
        Error err = {0};
        int ends_of[2];
        (void)state;
        network.access.publish[0] = (NetPublish){.protocol = NET_TCP, .port = 80, .host_port = 8080};
        network.access.publish[0].address.family = AF_INET;
        network.access.publish[1] = network.access.publish[0];
        network.access.publish[1].host_port = 8081;
        assert_int_equal(channel_make(ends_of), 0);
        n.helper.channel = ends_of[0];
        for (size_t i = 0; i < 2; i++) {
                m.publish = network.access.publish[i];
                assert_int_equal(net_message_send(ends_of[1], &m, FD_NONE, true), 0);
                assert_int_equal(n.helper.kind->on_message(&n.helper, &err), 0);
        }
        assert_int_equal(net_message_send(ends_of[1], &m, FD_NONE, true), 0);
        assert_int_equal(n.helper.kind->on_message(&n.helper, &err), -EPROTO);
        n.published = 0;
        err = (Error){0};
        m.publish = network.access.publish[0];
        m.publish.host_port = 22;
        assert_int_equal(net_message_send(ends_of[1], &m, FD_NONE, true), 0);
        assert_int_equal(n.helper.kind->on_message(&n.helper, &err), -EPROTO);
        /* Of which the kernel chooses the number. */
        network.access.publish[0].host_port = 0;
        assert_int_equal(net_message_send(ends_of[1], &m, FD_NONE, true), 0);
        assert_int_equal(n.helper.kind->on_message(&n.helper, &err), 0);
        fd_close(n.helper.channel);
        fd_close(ends_of[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_message_is_taken_in_its_states_from_its_senders_alone),
                cmocka_unit_test(one_too_many_is_refused),
                cmocka_unit_test(an_order_that_is_kept_leads_from_state_to_state),
                cmocka_unit_test(what_breaks_the_order_ends_the_session_once),
                cmocka_unit_test(received_descriptors_are_closed_once),
                cmocka_unit_test(descriptors_of_the_net_helper_are_closed_once),
                cmocka_unit_test(a_terminal_is_a_pty),
                cmocka_unit_test(errors_come_twice_at_most_and_the_first_counts),
                cmocka_unit_test(helpers_are_heard_and_started_in_their_turn),
                cmocka_unit_test(the_net_helper_says_what_its_phase_allows),
                cmocka_unit_test(the_net_helper_tells_only_of_the_ports_of_the_plan),
        };
        return RUN_TESTS(tests);
}
