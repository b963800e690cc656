/* SPDX-License-Identifier: Apache-2.0 */
/* The datapath's pure parts: frames, filter, flows, attempts, shaper, configuration, messages. */
#include "net/config.h"
#include "net/filter.h"
#include "net/hostaddr.h"
#include "net/message.h"
#include "net/attempts.h"
#include "net/shaper.h"
#include "unit.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* Ethernet and IPv4: a datagram 10.0.2.100:4000 -> 198.51.100.2:80, "hi". */
static const uint8_t datagram[] = {
        0x52, 0x55, 0x0a, 0x00, 0x02, 0x02, 0x52, 0x55, 0x0a, 0x00, 0x02, 0x64, 0x08, 0x00, /* Ethernet */
        0x45, 0x00, 0x00, 0x1e, 0x00, 0x01, 0x00, 0x00, 0x40, 0x11, 0x43, 0x36,             /* IPv4 */
        10,   0,    2,    100,  198,  51,   100,  2,                                        /* addresses */
        0x0f, 0xa0, 0x00, 0x50, 0x00, 0x0a, 0x00, 0x00, 'h',  'i',                          /* UDP */
};

static void fix_ipv4_checksum(uint8_t *frame)
{
        uint32_t sum = 0;
        frame[24] = frame[25] = 0;
        for (int i = 14; i < 34; i += 2)
                sum += (uint32_t)frame[i] << 8 | frame[i + 1];
        while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
        sum = ~sum;
        frame[24] = (uint8_t)(sum >> 8);
        frame[25] = (uint8_t)sum;
}

static size_t make_datagram(uint8_t *out)
{
        memcpy(out, datagram, sizeof(datagram));
        fix_ipv4_checksum(out);
        return sizeof(datagram);
}

/* SYN of 10.0.2.100:4001 to @d:443. */
static size_t make_syn(uint8_t *out, const uint8_t d[4])
{
        make_datagram(out);
        memset(out + 34, 0, 20);
        out[17] = 40;
        out[23] = IPPROTO_TCP;
        memcpy(out + 30, d, 4);
        out[34] = 4001 >> 8;
        out[35] = 4001 & 0xff;
        out[36] = 443 >> 8;
        out[37] = 443 & 0xff;
        out[41] = 7; /* sequence */
        out[46] = 0x50;
        out[47] = FRAME_SYN;
        fix_ipv4_checksum(out);
        return 54;
}

static FrameResult parse(const uint8_t *bytes, size_t len)
{
        Frame f;
        return frame_parse(bytes, len, net_guest_mac, &f);
}

static void frame_is_taken_apart(void **state)
{
        uint8_t b[FRAME_ANSWER_MAX];
        Frame f;
        (void)state;
        assert_int_equal(frame_parse(b, make_datagram(b), net_guest_mac, &f), FRAME_OK);
        assert_int_equal(f.protocol, NET_UDP);
        assert_true(net_address_eq(&f.source, &net_guest[0]));
        assert_int_equal(f.source_port, 4000);
        assert_int_equal(f.dest_port, 80);
        assert_int_equal(f.payload_len, 2);
        assert_memory_equal(f.payload, "hi", 2);
}

static void frame_that_is_none_is_refused(void **state)
{
        uint8_t b[FRAME_ANSWER_MAX];
        (void)state;
        size_t n = make_datagram(b);
        for (size_t len = 0; len < n; len++)
                assert_int_not_equal(parse(b, len), FRAME_OK);
        static const struct {
                size_t at;
                uint8_t value;
                FrameResult result;
        } changes[] = {
                {6, 0, FRAME_BAD_ETHERNET},     /* another sender */
                {12, 0x81, FRAME_BAD_ETHERNET}, /* VLAN */
                {13, 0x06, FRAME_BAD_ETHERNET}, /* ARP */
                {14, 0x46, FRAME_BAD_HEADER},   /* options */
                {14, 0x65, FRAME_BAD_HEADER},   /* version */
                {17, 0x1d, FRAME_BAD_LENGTH},   {17, 0x1f, FRAME_BAD_LENGTH},
                {20, 0x20, FRAME_FRAGMENT}, /* more fragments */
                {21, 0x01, FRAME_FRAGMENT}, /* offset */
                {22, 0, FRAME_BAD_HEADER},  /* TTL */
                {23, 2, FRAME_BAD_PROTOCOL},    {39, 0x09, FRAME_BAD_LENGTH},
                {39, 0x0b, FRAME_BAD_LENGTH},
        };
        for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
                n = make_datagram(b);
                b[changes[i].at] = changes[i].value;
                if (changes[i].at >= 14)
                        fix_ipv4_checksum(b);
                assert_int_equal(parse(b, n), changes[i].result);
        }
        n = make_datagram(b);
        b[25] ^= 1; /* header checksum */
        assert_int_equal(parse(b, n), FRAME_BAD_HEADER);
}

static void tcp_flags_that_exclude_each_other_are_refused(void **state)
{
        static const uint8_t bad[] = {0,
                                      FRAME_FIN,
                                      FRAME_SYN | FRAME_FIN,
                                      FRAME_SYN | FRAME_RST,
                                      FRAME_FIN | FRAME_RST | FRAME_ACK,
                                      0x28};
        static const uint8_t good[] = {FRAME_SYN,
                                       FRAME_ACK,
                                       FRAME_FIN | FRAME_ACK,
                                       FRAME_RST,
                                       FRAME_RST | FRAME_ACK,
                                       FRAME_SYN | FRAME_ACK,
                                       0x18};
        static const uint8_t to[] = {198, 51, 100, 2};
        uint8_t b[FRAME_ANSWER_MAX];
        (void)state;
        size_t n = make_syn(b, to);
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                b[47] = bad[i];
                assert_int_equal(parse(b, n), FRAME_BAD_HEADER);
        }
        for (size_t i = 0; i < ARRAY_LEN(good); i++) {
                b[47] = good[i];
                assert_int_equal(parse(b, n), FRAME_OK);
        }
        for (int words = 0; words < 16; words++) {
                b[46] = (uint8_t)(words << 4);
                assert_int_equal(parse(b, n), words == 5 ? FRAME_OK : FRAME_BAD_LENGTH);
        }
}

static void answers_are_frames_themselves(void **state)
{
        static const uint8_t to[] = {198, 51, 100, 2};
        uint8_t b[FRAME_ANSWER_MAX], answer[FRAME_ANSWER_MAX];
        Frame f, a;
        (void)state;
        assert_int_equal(frame_parse(b, make_syn(b, to), net_guest_mac, &f), FRAME_OK);
        assert_int_equal(frame_parse(answer, frame_make_reset(&f, answer), NULL, &a), FRAME_OK);
        assert_true(net_address_eq(&a.source, &f.dest) && net_address_eq(&a.dest, &net_guest[0]));
        assert_int_equal(a.flags, FRAME_RST | FRAME_ACK);
        assert_int_equal(a.acknowledged, f.sequence + 1);
        f.flags = FRAME_RST;
        assert_int_equal(frame_make_reset(&f, answer), 0);
        for (int v6 = 0; v6 < 2; v6++) {
                size_t n = frame_make_datagram(&net_resolver[v6], 53, &net_guest[v6], 5000,
                                               (const uint8_t *)"answer", 6, answer);
                assert_int_equal(frame_parse(answer, n, NULL, &a), FRAME_OK);
                assert_int_equal(a.source_port, 53);
                assert_int_equal(a.dest_port, 5000);
                assert_memory_equal(a.payload, "answer", 6);
                n = frame_make_prohibited(&a, &net_gateway[v6], b);
                assert_in_range(n, 60, sizeof(b));
                assert_int_equal(b[v6 ? 54 : 34], v6 ? 1 : 3);  /* unreachable */
                assert_int_equal(b[v6 ? 55 : 35], v6 ? 1 : 13); /* administratively prohibited */
        }
        static uint8_t large[2000];
        assert_int_equal(frame_make_datagram(&net_resolver[0], 53, &net_guest[0], 1, large, 1233, answer), 0);
        assert_int_equal(frame_make_datagram(&net_resolver[1], 53, &net_guest[1], 1, large, 1232, answer),
                         sizeof(answer));
}

static unsigned reports, refusals;

static void count_report(void *userdata, const PolicyTarget *to, const PolicyVerdict *verdict)
{
        (void)userdata;
        (void)to;
        reports++;
        refusals += verdict->action == POLICY_REFUSE;
}

static Filter *new_filter(void)
{
        Filter *f = calloc(1, sizeof(*f));
        assert_non_null(f);
        f->policy = policy_new(&net_site);
        f->flows = flow_table_new(1);
        f->report = count_report;
        assert_true(f->policy && f->flows);
        reports = refusals = 0;
        return f;
}

static void free_filter(Filter *f)
{
        policy_free(f->policy);
        flow_table_free(f->flows);
        free(f);
}

static void flow_is_asked_for_once(void **state)
{
        static const uint8_t out[] = {198, 51, 100, 2}, loopback[] = {127, 0, 0, 1};
        uint8_t b[FRAME_ANSWER_MAX];
        (void)state;
        Filter *f = new_filter();
        size_t n = make_syn(b, out);
        assert_int_equal(filter_from_sandbox(f, b, n, 1000), FILTER_PASS);
        b[47] = FRAME_ACK;
        assert_int_equal(filter_from_sandbox(f, b, n, 1001), FILTER_PASS);
        assert_int_equal(reports, 1);
        n = make_syn(b, loopback);
        assert_int_equal(filter_from_sandbox(f, b, n, 1002), FILTER_ANSWER);
        assert_in_range(f->answer_len, 54, FRAME_ANSWER_MAX);
        assert_int_equal(refusals, 1);
        /* Without a connection there is nothing to go on with. */
        b[47] = FRAME_ACK;
        assert_int_equal(filter_from_sandbox(f, b, n, 1003), FILTER_ANSWER);
        b[47] = FRAME_RST;
        assert_int_equal(filter_from_sandbox(f, b, n, 1003), FILTER_DROP);
        free_filter(f);
}

static void forged_source_is_dropped(void **state)
{
        uint8_t b[FRAME_ANSWER_MAX];
        (void)state;
        Filter *f = new_filter();
        size_t n = make_datagram(b);
        b[29] = 99;
        fix_ipv4_checksum(b);
        assert_int_equal(filter_from_sandbox(f, b, n, 1000), FILTER_DROP);
        assert_int_equal(reports, 0);
        free_filter(f);
}

static void address_that_becomes_the_hosts_is_closed(void **state)
{
        static const uint8_t out[] = {198, 51, 100, 2};
        static const NetAddress host[] = {{.family = AF_INET, .bytes = {198, 51, 100, 2}}};
        uint8_t b[FRAME_ANSWER_MAX];
        (void)state;
        Filter *f = new_filter();
        size_t n = make_syn(b, out);
        assert_int_equal(filter_from_sandbox(f, b, n, 1000), FILTER_PASS);
        assert_int_equal(policy_set_host_addresses(f->policy, host, 1), 0);
        f->generation++;
        b[47] = FRAME_ACK;
        assert_int_equal(filter_from_sandbox(f, b, n, 1001), FILTER_ANSWER);
        free_filter(f);
}

static void datagram_that_nobody_asked_for_is_dropped(void **state)
{
        static const NetAddress peer = {.family = AF_INET, .bytes = {198, 51, 100, 2}};
        uint8_t b[FRAME_ANSWER_MAX], in[FRAME_ANSWER_MAX];
        (void)state;
        Filter *f = new_filter();
        size_t n = frame_make_datagram(&peer, 80, &net_guest[0], 4000, (const uint8_t *)"x", 1, in);
        assert_int_equal(filter_to_sandbox(f, in, n, 1000), FILTER_DROP);
        assert_int_equal(filter_from_sandbox(f, b, make_datagram(b), 1000), FILTER_PASS);
        assert_int_equal(filter_to_sandbox(f, in, n, 1001), FILTER_PASS);
        n = frame_make_datagram(&peer, 81, &net_guest[0], 4000, (const uint8_t *)"x", 1, in);
        assert_int_equal(filter_to_sandbox(f, in, n, 1001), FILTER_DROP);
        filter_publish(f, AF_INET, 4000);
        assert_int_equal(filter_to_sandbox(f, in, n, 1001), FILTER_PASS);
        free_filter(f);
}

/* Connections to published ports do not pass libslirp. */
static void connection_to_the_sandbox_is_dropped(void **state)
{
        uint8_t b[FRAME_ANSWER_MAX];
        (void)state;
        Filter *f = new_filter();
        size_t n = make_syn(b, net_guest[0].bytes);
        memcpy(b + 26, net_gateway[0].bytes, 4);
        fix_ipv4_checksum(b);
        assert_int_equal(filter_to_sandbox(f, b, n, 1000), FILTER_DROP);
        b[47] = FRAME_SYN | FRAME_ACK;
        assert_int_equal(filter_to_sandbox(f, b, n, 1000), FILTER_PASS);
        free_filter(f);
}

static void flows_are_bounded(void **state)
{
        (void)state;
        FlowTable *t = flow_table_new(7);
        FlowKey key = {.address = {.family = AF_INET, .bytes = {198, 51, 100, 2}}, .protocol = NET_TCP};
        assert_non_null(t);
        for (unsigned i = 0; i < 200000; i++) {
                key.port = (uint16_t)i;
                key.guest_port = (uint16_t)(i >> 4);
                (void)flow_add(t, &key, 1000 + i / 100);
                assert_non_null(flow_find(t, &key, 1000 + i / 100, 0));
        }
        assert_null(flow_find(t, &key, 900000, 60000)); /* idle for too long */
        flow_table_free(t);
}

static void attempts_are_counted_and_bounded(void **state)
{
        AttemptTable t;
        PolicyTarget to = {.address = {.family = AF_INET, .bytes = {198, 51, 100, 2}}, .protocol = NET_TCP};
        (void)state;
        assert_int_equal(attempts_init(&t), 0);
        for (unsigned port = 0; port < 3000; port++) {
                to.port = (uint16_t)port;
                attempts_add(&t, NULL, &to, false, "no");
                attempts_add(&t, NULL, &to, false, "no");
        }
        assert_int_equal(t.n, NET_ATTEMPTS_MAX);
        assert_int_equal(t.items[0].count, 2);
        assert_int_equal(t.overflow, 2 * (3000 - NET_ATTEMPTS_MAX));
        attempts_clear(&t);
        assert_int_equal(attempts_init(&t), 0);
        attempts_add(&t, "name.example", &to, true, "rule");
        to.address.bytes[3] = 9; /* the same name at another address */
        attempts_add(&t, "name.example", &to, true, "rule");
        assert_int_equal(t.n, 1);
        assert_int_equal(t.items[0].count, 2);
        attempts_clear(&t);
}

#define SECOND UINT64_C(1000000000)

/* Bytes that pass in @seconds when frames of @len bytes always wait. */
static uint64_t pass(uint64_t rate, size_t len, unsigned seconds)
{
        Shaper s;
        uint64_t now = SECOND, end = now + seconds * SECOND, bytes = 0;
        shaper_init(&s, rate, now);
        while (now < end) {
                if (shaper_take(&s, len, now))
                        bytes += len;
                else
                        now += shaper_wait_ns(&s, now);
        }
        return bytes;
}

static void limit_is_kept(void **state)
{
        static const uint64_t rates[] = {50000, 1000000, 12500000, 1250000000};
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
                size_t len = shaper_mtu(rates[i], 0, NET_MTU);
                assert_in_range(pass(rates[i], len, 5), rates[i] * 5 * 90 / 100, rates[i] * 5 * 110 / 100);
        }
        assert_int_equal(shaper_mtu(0, 0, NET_MTU), NET_MTU);
        assert_int_equal(shaper_mtu(UINT64_MAX, UINT64_MAX, NET_MTU), NET_MTU);
}

static void small_frames_go_ahead_of_bulk_but_count(void **state)
{
        Shaper s;
        (void)state;
        shaper_init(&s, 1000000, SECOND);
        while (shaper_take(&s, 9000, SECOND))
                ;
        assert_true(shaper_take(&s, 60, SECOND));
        unsigned n = 0;
        while (shaper_take(&s, SHAPER_SMALL, SECOND))
                n++;
        assert_in_range(n * SHAPER_SMALL, 200000, 300000);
        assert_true(shaper_wait_ns(&s, SECOND) > SECOND / 5);
}

static void configuration_arrives_whole(void **state)
{
        NetConfig c = {.access = {.has_list = true, .check_sni = true, .rate_up = 5, .n_publish = 1}},
                  got = {0};
        int fd = FD_NONE;
        (void)state;
        assert_int_equal(strlist_add(&c.access.allow, "*.example:443/tcp"), 0);
        assert_int_equal(strlist_add(&c.access.deny, "bad.example"), 0);
        c.access.loopback_ports[c.access.n_loopback_ports++] = 8080;
        c.access.publish[0] = (NetPublish){.port = 80, .protocol = NET_TCP};
        assert_int_equal(net_config_write(&c, &fd), 0);
        assert_int_equal(net_config_read(fd, &got), 0);
        assert_string_equal(got.access.allow.items[0], "*.example:443/tcp");
        assert_string_equal(got.access.deny.items[0], "bad.example");
        assert_true(got.access.has_list && got.access.check_sni && !got.access.allow_private);
        assert_int_equal(got.access.loopback_ports[0], 8080);
        assert_int_equal(got.access.publish[0].port, 80);
        assert_int_equal(got.access.rate_up, 5);
        assert_int_equal(write(fd, "x", 1), -1); /* sealed */
        net_config_clear(&got);
        net_config_clear(&c);
        fd_close(fd);
}

static void messages_keep_their_borders(void **state)
{
        int ends[2];
        NetMessage m = {.type = NETMSG_ATTEMPT}, got;
        (void)state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        m.attempt.port = 443;
        memset(m.attempt.name, 'x', sizeof(m.attempt.name)); /* without an end */
        assert_int_equal(net_message_receive(ends[1], &got, NULL), -EAGAIN);
        assert_int_equal(net_message_send(ends[0], &m, FD_NONE, true), 0);
        assert_int_equal(net_message_receive(ends[1], &got, NULL), 1);
        assert_int_equal(got.attempt.port, 443);
        assert_int_equal(strlen(got.attempt.name), sizeof(got.attempt.name) - 1);
        assert_int_equal(send(ends[0], &m, 5, 0), 5);
        assert_int_equal(net_message_receive(ends[1], &got, NULL), -EBADMSG);
        /* Last words, of somebody who did not read ours. */
        m = (NetMessage){.type = NETMSG_READY};
        assert_int_equal(net_message_send(ends[1], &m, FD_NONE, true), 0);
        assert_int_equal(net_message_send(ends[0], &m, FD_NONE, true), 0);
        fd_close(ends[0]);
        assert_int_equal(net_message_receive(ends[1], &got, NULL), 1);
        assert_int_equal(got.type, NETMSG_READY);
        assert_int_equal(net_message_receive(ends[1], &got, NULL), 0);
        fd_close(ends[1]);
}

/* As net_message_send() never does. */
static void send_with_descriptors(int channel, NetMessageType type, size_t n)
{
        const int fds[2] = {0, 0};
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(sizeof(fds))];
        } control = {0};
        NetMessage m = {.type = type};
        struct iovec iov = {.iov_base = &m, .iov_len = offsetof(NetMessage, error)};
        struct msghdr hdr = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes};
        hdr.msg_controllen = CMSG_SPACE(n * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&hdr);
        *c = (struct cmsghdr){
                .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n * sizeof(int))};
        memcpy(CMSG_DATA(c), fds, n * sizeof(int));
        assert_true(sendmsg(channel, &hdr, 0) > 0);
}

static void descriptors_that_nobody_waits_for_are_refused_and_closed(void **state)
{
        int ends[2], fd = FD_NONE;
        NetMessage got;
        (void)state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        int next = dup(0);
        (void)close(next);
        send_with_descriptors(ends[0], NETMSG_TAP, 1);
        assert_int_equal(net_message_receive(ends[1], &got, &fd), 1);
        assert_true(fd >= 0);
        fd_close(fd);
        send_with_descriptors(ends[0], NETMSG_TAP, 2);
        assert_int_equal(net_message_receive(ends[1], &got, &fd), -EBADMSG);
        send_with_descriptors(ends[0], NETMSG_READY, 1);
        assert_int_equal(net_message_receive(ends[1], &got, NULL), -EBADMSG);
        send_with_descriptors(ends[0], NETMSG_READY, 2);
        assert_int_equal(net_message_receive(ends[1], &got, NULL), -EBADMSG);
        /* None of them stays open. */
        fd = dup(0);
        assert_int_equal(fd, next);
        fd_close(fd);
        fd_close(ends[0]);
        fd_close(ends[1]);
}

static void host_addresses_are_read_from_netlink(void **state)
{
        struct {
                struct nlmsghdr head;
                struct ifaddrmsg ifa;
                struct rtattr attr;
                uint8_t address[4];
        } m = {.head = {.nlmsg_len = sizeof(m), .nlmsg_type = RTM_NEWADDR},
               .ifa = {.ifa_family = AF_INET},
               .attr = {.rta_len = RTA_LENGTH(4), .rta_type = IFA_LOCAL},
               .address = {192, 0, 2, 1}};
        HostAddresses *h = calloc(1, sizeof(*h));
        (void)state;
        assert_non_null(h);
        assert_int_equal(host_addresses_parse(&m, sizeof(m), h), 0);
        assert_int_equal(host_addresses_parse(&m, sizeof(m), h), 0);
        assert_int_equal(h->n, 1);
        assert_memory_equal(h->items[0].bytes, m.address, 4);
        m.attr.rta_len = 200;
        assert_int_equal(host_addresses_parse(&m, sizeof(m), h), -EBADMSG);
        m.head.nlmsg_len = 4;
        assert_int_equal(host_addresses_parse(&m, sizeof(m), h), -EBADMSG);
        free(h);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(frame_is_taken_apart),
                cmocka_unit_test(frame_that_is_none_is_refused),
                cmocka_unit_test(tcp_flags_that_exclude_each_other_are_refused),
                cmocka_unit_test(answers_are_frames_themselves),
                cmocka_unit_test(flow_is_asked_for_once),
                cmocka_unit_test(forged_source_is_dropped),
                cmocka_unit_test(address_that_becomes_the_hosts_is_closed),
                cmocka_unit_test(datagram_that_nobody_asked_for_is_dropped),
                cmocka_unit_test(connection_to_the_sandbox_is_dropped),
                cmocka_unit_test(flows_are_bounded),
                cmocka_unit_test(attempts_are_counted_and_bounded),
                cmocka_unit_test(limit_is_kept),
                cmocka_unit_test(small_frames_go_ahead_of_bulk_but_count),
                cmocka_unit_test(configuration_arrives_whole),
                cmocka_unit_test(messages_keep_their_borders),
                cmocka_unit_test(descriptors_that_nobody_waits_for_are_refused_and_closed),
                cmocka_unit_test(host_addresses_are_read_from_netlink),
        };
        return RUN_TESTS(tests);
}
