/* SPDX-License-Identifier: Apache-2.0 */
/* The second look at a destination, and the table of connections. */
#include "net.h"

#include "net/sni.h"

typedef struct Case {
        Filter *filter;
        ConnTable conns;
} Case;

static int set_up(void **state)
{
        static Case c;
        c = (Case){.filter = new_filter()};
        init_table(&c.conns);
        *state = &c;
        return 0;
}

static int tear_down(void **state)
{
        Case *c = *state;
        conn_table_clear(&c->conns);
        free_filter(c->filter);
        return 0;
}

/* The second look alone: @frame is there as the first one let it pass. */
static bool look(const Filter *f, const Frame *frame, const char *host, uint16_t port, uint64_t now,
                 Destination *to, PolicyVerdict *v)
{
        const NetAddress a = address(host);
        return destination_check(f, frame, !frame || frame->protocol == NET_TCP, &a, port, now, to, v);
}

static void refused(const Filter *f, NetProtocol protocol, const char *host, PolicyWhy why)
{
        const Frame frame = frame_to(protocol, host, 80);
        Destination to;
        PolicyVerdict v;
        if (look(f, &frame, host, 80, NOW, &to, &v) || v.why != why)
                fail_msg("%s, protocol %d: action %d, why %d", host, (int)protocol, v.action, v.why);
        assert_true(net_address_eq(&to.named.address, &frame.dest));
}

/* Attacks 47 to 50, 55. */
static void second_look_stops_by_itself_what_the_policy_refuses(void **state)
{
        static const char *const never[] = {"127.0.0.1",    "::1",      "0.0.0.0",  "::ffff:127.0.0.1",
                                            "198.51.100.1", "10.9.9.9", "10.0.2.2", "169.254.169.254",
                                            "fe80::1",      "fd00::9",  "224.0.0.1"};
        const Filter *f = ((const Case *)*state)->filter;
        for (size_t i = 0; i < ARRAY_LEN(never); i++) {
                refused(f, NET_TCP, never[i], WHY_NEVER);
                refused(f, NET_UDP, never[i], WHY_NEVER);
        }
        policy_set_list(f->policy);
        refused(f, NET_TCP, "198.51.100.2", WHY_NOT_NAMED);
        refused(f, NET_UDP, "198.51.100.2", WHY_NOT_NAMED);
}

static void nothing_is_reached_that_no_frame_asked_for(void **state)
{
        const Filter *f = ((const Case *)*state)->filter;
        const Frame frame = frame_to(NET_TCP, "198.51.100.2", 80),
                    datagram = frame_to(NET_UDP, "2001:db8::2", 80);
        Destination to;
        PolicyVerdict v;
        /* The policy allows all of these. */
        assert_true(look(f, &frame, "198.51.100.2", 80, NOW, &to, &v));
        assert_true(look(f, &datagram, "2001:db8::2", 80, NOW, &to, &v));
        assert_false(look(f, &frame, "198.51.100.3", 80, NOW, &to, &v));
        assert_int_equal(v.why, WHY_UNASKED);
        assert_true(net_address_eq(&to.named.address, &(NetAddress)NET_IPV4(198, 51, 100, 3)));
        assert_false(look(f, &frame, "198.51.100.2", 81, NOW, &to, &v));
        assert_int_equal(v.why, WHY_UNASKED);
        assert_false(look(f, &frame, "2001:db8::2", 80, NOW, &to, &v));
        assert_false(look(f, &datagram, "198.51.100.2", 80, NOW, &to, &v));
        assert_false(look(f, NULL, "198.51.100.2", 80, NOW, &to, &v));
        assert_int_equal(v.why, WHY_UNASKED);
        const NetAddress a = frame.dest;
        assert_false(destination_check(f, &frame, false, &a, 80, NOW, &to, &v)); /* a datagram for a SYN */
        assert_int_equal(v.why, WHY_UNASKED);
        /* What is no frame goes nowhere. */
        const Frame none = {0};
        assert_false(look(f, &none, "198.51.100.2", 0, NOW, &to, &v));
        assert_false(look(f, &none, "0.0.0.0", 0, NOW, &to, &v));
}

static void the_gateway_is_the_hosts_loopback_and_nothing_else_is(void **state)
{
        const Filter *f = ((const Case *)*state)->filter;
        const Frame gateway = frame_to(NET_TCP, "10.0.2.2", 8080),
                    other = frame_to(NET_TCP, "198.51.100.2", 8080),
                    gateway6 = frame_to(NET_TCP, "fd6b:7572:756e::2", 8080);
        Destination to;
        PolicyVerdict v;
        assert_int_equal(policy_add_host_loopback(f->policy, 8080), 0);
        assert_int_equal(policy_add_host_loopback(f->policy, 8081), 0);
        assert_true(look(f, &gateway, "127.0.0.1", 8080, NOW, &to, &v));
        assert_true(net_address_eq(&to.named.address, &net_gateway[0]));
        assert_true(net_address_eq(&to.host, &(NetAddress)NET_IPV4(127, 0, 0, 1)));
        assert_true(look(f, &gateway6, "::1", 8080, NOW, &to, &v));
        assert_true(net_address_eq(&to.named.address, &net_gateway[1]));
        assert_false(look(f, &gateway, "127.0.0.1", 8081, NOW, &to, &v));
        assert_false(look(f, &gateway, "127.0.0.2", 8080, NOW, &to, &v));
        assert_false(look(f, &gateway, "::1", 8080, NOW, &to, &v));
        assert_false(look(f, &other, "127.0.0.1", 8080, NOW, &to, &v));
}

static void the_resolver_is_ours(void **state)
{
        const Frame frame = frame_to(NET_TCP, "10.0.2.3", 53);
        Destination to;
        PolicyVerdict v;
        assert_true(look(((const Case *)*state)->filter, &frame, "10.0.2.3", 53, NOW, &to, &v));
        assert_int_equal(v.action, POLICY_RESOLVE);
}

static void datagrams_go_on_when_their_pin_is_over(void **state)
{
        Filter *f = ((Case *)*state)->filter;
        const uint64_t over = NOW + 30000 + POLICY_GRACE_MS + 1;
        const Frame udp = frame_to(NET_UDP, "198.51.100.2", 80), tcp = frame_to(NET_TCP, "198.51.100.2", 80);
        Destination to;
        PolicyVerdict v;
        add_rule(f->policy, "a.example", false);
        assert_false(look(f, &udp, "198.51.100.2", 80, over, &to, &v));
        learn(f->policy, "a.example", "198.51.100.2", 30);
        assert_true(look(f, &udp, "198.51.100.2", 80, NOW, &to, &v));
        assert_true(look(f, &udp, "198.51.100.2", 80, over, &to, &v));
        assert_false(look(f, &tcp, "198.51.100.2", 80, over, &to, &v));
        /* Who came in is answered, wherever it is. */
        const Frame answer = frame_to(NET_UDP, "10.0.2.2", 5000);
        assert_false(look(f, &answer, "127.0.0.1", 5000, NOW, &to, &v));
        const FlowKey key = flow_key(NET_UDP, &net_gateway[0], 5000, 4000);
        flow_add(f->flows, &key, NOW)->inbound = 1;
        assert_true(look(f, &answer, "127.0.0.1", 5000, NOW, &to, &v));
        assert_false(look(f, &answer, "127.0.0.1", 5001, NOW, &to, &v));
}

static FlowKey key(const char *where, uint16_t port, uint16_t guest_port)
{
        const NetAddress a = address(where);
        return flow_key(NET_TCP, &a, port, guest_port);
}

static void connections_are_found_by_descriptor_and_by_flow(void **state)
{
        ConnTable *t = &((Case *)*state)->conns;
        const Destination to = destination("198.51.100.2", 443);
        const FlowKey first = key("198.51.100.2", 443, 4000), second = key("198.51.100.2", 443, 4001);
        assert_null(conn_find(t, 5));
        Conn *c = conn_open(t, 5, &to, 4000, false);
        assert_non_null(c);
        assert_ptr_equal(conn_find(t, 5), c);
        assert_ptr_equal(conn_of_flow(t, &first), c);
        assert_null(conn_of_flow(t, &second));
        assert_null(conn_open(t, 5, &to, 4001, false)); /* one that has a connection gets no other */
        conn_close(t, 5);
        assert_null(conn_find(t, 5));
        assert_null(conn_of_flow(t, &first));
        /* The descriptor is used again: it is not the old flow's. */
        c = conn_open(t, 5, &to, 4001, false);
        assert_null(conn_of_flow(t, &first));
        assert_ptr_equal(conn_of_flow(t, &second), c);
}

static void connections_are_bounded(void **state)
{
        ConnTable *t = &((Case *)*state)->conns;
        const Destination to = destination("198.51.100.2", 443);
        assert_null(conn_open(t, 64, &to, 1, true));
        assert_null(conn_open(t, -1, &to, 1, true));
        for (unsigned round = 0; round < 100; round++) {
                for (int fd = 0; fd < 64; fd++)
                        assert_non_null(conn_open(t, fd, &to, (uint16_t)(round * 64 + (unsigned)fd), fd % 2));
                for (int fd = 0; fd < 64; fd++) {
                        const FlowKey k = key("198.51.100.2", 443, (uint16_t)(round * 64 + (unsigned)fd));
                        assert_ptr_equal(conn_of_flow(t, &k), conn_find(t, fd));
                }
                for (int fd = 63; fd >= 0; fd--)
                        conn_close(t, round % 2 ? fd : 63 - fd);
        }
        for (size_t i = 0; i < CONN_BUCKETS; i++)
                assert_true(t->buckets[i] < 0);
}

static void it_is_known_when_both_ends_have_said_all(void **state)
{
        ConnTable *t = &((Case *)*state)->conns;
        const Destination to = destination("198.51.100.2", 443);
        Frame ours = frame_to(NET_TCP, "198.51.100.2", 443);
        Frame theirs = {.protocol = NET_TCP,
                        .flags = FRAME_FIN | FRAME_ACK,
                        .source = ours.dest,
                        .source_port = 443,
                        .dest = ours.source,
                        .dest_port = 4000};
        ours.flags = FRAME_FIN | FRAME_ACK;
        assert_null(conn_ended_by(t, &ours));
        Conn *c = conn_open(t, 5, &to, 4000, false);
        assert_null(conn_ended_by(t, &ours)); /* the host's end goes on */
        theirs.dest_port = 4001;
        conn_to_sandbox(t, &theirs);
        assert_null(conn_ended_by(t, &ours));
        theirs.dest_port = 4000;
        conn_to_sandbox(t, &theirs);
        assert_ptr_equal(conn_ended_by(t, &ours), c);
        ours.flags = FRAME_ACK;
        assert_null(conn_ended_by(t, &ours));
        assert_true(conn_is_written(c));
        c->short_write = true;
        assert_false(conn_is_written(c));
}

static void first_bytes_are_kept_until_they_name_a_host(void **state)
{
        Filter *f = ((Case *)*state)->filter;
        ConnTable *t = &((Case *)*state)->conns;
        const Destination to = destination("198.51.100.2", 443);
        uint8_t hello[512];
        size_t kept, n = make_hello("a.example", hello);
        add_rule(f->policy, "a.example", false);
        Conn *c = conn_open(t, 5, &to, 4000, true);
        assert_int_equal(conn_say(t, c, f->policy, hello, 10, NOW, &kept), CONN_SAY_KEEP);
        assert_int_equal(kept, 10);
        assert_false(conn_is_written(c));
        assert_int_equal(conn_say(t, c, f->policy, hello + 10, n - 10, NOW, &kept), CONN_SAY_FIRST);
        assert_int_equal(kept, n - 10);
        size_t len;
        assert_memory_equal(conn_first_bytes(c, &len), hello, n);
        assert_int_equal(len, n);
        conn_said_first(c, true);
        assert_int_equal(c->state, CONN_OPEN);
        assert_int_equal(conn_say(t, c, f->policy, "more", 4, NOW, &kept), CONN_SAY_SEND);
        assert_int_equal(kept, 0);
        /* What is no TLS is not kept. */
        c = conn_open(t, 6, &to, 4001, true);
        assert_int_equal(conn_say(t, c, f->policy, "GET /", 5, NOW, &kept), CONN_SAY_FIRST);
        assert_int_equal(reports, 0);
}

static void a_name_that_is_refused_ends_the_connection(void **state)
{
        Filter *f = ((Case *)*state)->filter;
        ConnTable *t = &((Case *)*state)->conns;
        const Destination to = destination("198.51.100.2", 443);
        uint8_t hello[512];
        size_t kept, n = make_hello("evil.example", hello);
        add_rule(f->policy, "a.example", false);
        Conn *c = conn_open(t, 5, &to, 4000, true);
        assert_int_equal(conn_say(t, c, f->policy, hello, n, NOW, &kept), CONN_SAY_RESET);
        assert_int_equal(c->state, CONN_REFUSED);
        assert_int_equal(conn_say(t, c, f->policy, "GET /", 5, NOW, &kept), CONN_SAY_RESET);
        assert_false(conn_is_written(c));
        assert_int_equal(reports, 1);
        assert_string_equal(reported_name, "evil.example");
        assert_int_equal(reported.why, WHY_SNI);
        assert_int_equal(reported_to.port, 443);
        /* One whose name does not end: no more than the buffer is kept. */
        static uint8_t endless[SNI_BUFFER_MAX + 1] = {22, 3, 1, 0x40, 0, 1, 0, 0x7f, 0xff};
        c = conn_open(t, 6, &to, 4001, true);
        assert_int_equal(conn_say(t, c, f->policy, endless, sizeof(endless), NOW, &kept), CONN_SAY_RESET);
        assert_int_equal(reports, 2);
}

/* A server that is gone is no refusal of ours: the report says of a refusal which rule it was. */
static void first_bytes_that_cannot_be_sent_are_not_refused(void **state)
{
        Filter *f = ((Case *)*state)->filter;
        ConnTable *t = &((Case *)*state)->conns;
        const Destination to = destination("198.51.100.2", 443);
        size_t kept;
        Conn *c = conn_open(t, 5, &to, 4000, true);
        assert_int_equal(conn_say(t, c, f->policy, "GET /", 5, NOW, &kept), CONN_SAY_FIRST);
        conn_said_first(c, false);
        assert_int_equal(c->state, CONN_RESET);
        assert_int_equal(conn_say(t, c, f->policy, "GET /", 5, NOW, &kept), CONN_SAY_RESET);
        assert_int_equal(reports, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(second_look_stops_by_itself_what_the_policy_refuses),
                TEST(nothing_is_reached_that_no_frame_asked_for),
                TEST(the_gateway_is_the_hosts_loopback_and_nothing_else_is),
                TEST(the_resolver_is_ours),
                TEST(datagrams_go_on_when_their_pin_is_over),
                TEST(connections_are_found_by_descriptor_and_by_flow),
                TEST(connections_are_bounded),
                TEST(it_is_known_when_both_ends_have_said_all),
                TEST(first_bytes_are_kept_until_they_name_a_host),
                TEST(a_name_that_is_refused_ends_the_connection),
                TEST(first_bytes_that_cannot_be_sent_are_not_refused),
        };
        return RUN_TESTS(tests);
}
