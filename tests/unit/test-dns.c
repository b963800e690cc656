/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox's resolver against an upstream of our own on loopback, in the same process. */
#include "unit.h"

#include "net/dns_hosts.h"
#include "net/dns_message.h"

#define CARES_NO_DEPRECATED
#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

#define NOW 1000000

/* What upstream knows. */
typedef struct Record {
        const char *name;
        uint16_t type;
        const char *value; /* address, name, or text */
        uint32_t ttl;
} Record;

#define MINUTE 60

static const Record zone[] = {
        {"good.example", DNS_A, "198.51.100.1", 30},
        {"good.example", DNS_A, "198.51.100.2", 40},
        {"good.example", DNS_AAAA, "2001:db8::1", 50},
        {"good.example", DNS_MX, "mail.good.example", MINUTE},
        {"good.example", DNS_TXT, "v=1; all=no", MINUTE},
        {"_http._tcp.good.example", DNS_SRV, "www.good.example", MINUTE},
        {"good.example", 65 /* HTTPS */, "raw", MINUTE},
        {"private.good.example", DNS_A, "10.0.0.1", MINUTE},
        {"mixed.good.example", DNS_A, "127.0.0.1", MINUTE},
        {"mixed.good.example", DNS_A, "198.51.100.9", MINUTE},
        {"mixed.good.example", DNS_AAAA, "::ffff:127.0.0.1", MINUTE},
        {"host.good.example", DNS_A, "203.0.113.7", MINUTE},
        {"alias.good.example", DNS_CNAME, "one.cdn.example", 20},
        {"one.cdn.example", DNS_CNAME, "two.cdn.example", 500},
        {"two.cdn.example", DNS_A, "198.51.100.3", 600},
        {"trap.good.example", DNS_CNAME, "intern.corp.example", 20},
        {"intern.corp.example", DNS_A, "192.168.1.1", MINUTE},
        {"bad-alias.good.example", DNS_CNAME, "x.denied.example", 20},
        {"far-alias.good.example", DNS_CNAME, "far.cdn.example", 20},
        {"far.cdn.example", DNS_CNAME, "x.denied.example", 20},
        {"x.denied.example", DNS_A, "198.51.100.66", MINUTE},
        {"zero.good.example", DNS_A, "198.51.100.4", 0},
        {"long.good.example", DNS_A, "198.51.100.5", 0x7fffffff},
        {"negative.good.example", DNS_A, "198.51.100.6", 0xffffffff},
        {"1.100.51.198.in-addr.arpa", DNS_PTR, "good.example", MINUTE},
};

typedef struct Upstream {
        int fd;
        char csv[32];
        unsigned asked;
        bool rebind; /* "rebind.good.example" is the loopback from the second answer on */
        bool silent;
        unsigned big; /* answers of "big.good.example" */
} Upstream;

typedef struct Bench {
        Upstream up;
        Policy *policy;
        Dns *dns;
        uint8_t answer[DNS_ANSWER_MAX];
        size_t len;
        unsigned answers;
        char reported[64];
        PolicyVerdict verdict;
        unsigned reports;
} Bench;

static void put16(uint8_t *p, unsigned v)
{
        p[0] = (uint8_t)(v >> 8);
        p[1] = (uint8_t)v;
}

static size_t put_name(uint8_t *p, const char *name)
{
        size_t at = 0;
        for (size_t n; *name; name += n + (name[n] == '.')) {
                n = strcspn(name, ".");
                p[at++] = (uint8_t)n;
                memcpy(p + at, name, n);
                at += n;
        }
        p[at++] = 0;
        return at;
}

static size_t put_data(uint8_t *p, const Record *r)
{
        switch (r->type) {
        case DNS_A:
                return inet_pton(AF_INET, r->value, p) == 1 ? 4 : 0;
        case DNS_AAAA:
                return inet_pton(AF_INET6, r->value, p) == 1 ? 16 : 0;
        case DNS_MX:
                put16(p, 10);
                return 2 + put_name(p + 2, r->value);
        case DNS_SRV:
                put16(p, 1);
                put16(p + 2, 2);
                put16(p + 4, 80);
                return 6 + put_name(p + 6, r->value);
        case DNS_TXT:
                p[0] = (uint8_t)strlen(r->value);
                memcpy(p + 1, r->value, p[0]);
                return 1 + (size_t)p[0];
        case DNS_CNAME:
        case DNS_PTR:
                return put_name(p, r->value);
        default:
                memcpy(p, r->value, strlen(r->value));
                return strlen(r->value);
        }
}

static size_t put_record(uint8_t *p, const Record *r)
{
        size_t at = put_name(p, r->name);
        put16(p + at, r->type);
        put16(p + at + 2, 1);
        put16(p + at + 4, r->ttl >> 16);
        put16(p + at + 6, r->ttl & 0xffff);
        size_t len = put_data(p + at + 10, r);
        put16(p + at + 8, (unsigned)len);
        return at + 10 + len;
}

/* The records of a name and type, through aliases. */
static size_t put_zone(uint8_t *p, const char *name, unsigned type, unsigned *count, bool *known)
{
        size_t at = 0;
        for (size_t i = 0; i < ARRAY_LEN(zone); i++) {
                if (strcasecmp(zone[i].name, name) != 0)
                        continue;
                *known = true;
                if (zone[i].type != type && zone[i].type != DNS_CNAME)
                        continue;
                at += put_record(p + at, &zone[i]);
                ++*count;
                if (zone[i].type == DNS_CNAME)
                        at += put_zone(p + at, zone[i].value, type, count, known);
        }
        return at;
}

static void upstream_answer(Upstream *up)
{
        uint8_t q[2048], a[65536];
        struct sockaddr_in from;
        socklen_t from_len = sizeof(from);
        ssize_t n = recvfrom(up->fd, q, sizeof(q), 0, (struct sockaddr *)&from, &from_len);
        assert_true(n > DNS_HEADER);
        char *name = NULL;
        long used;
        assert_int_equal(ares_expand_name(q + DNS_HEADER, q, (int)n, &name, &used), ARES_SUCCESS);
        size_t end = DNS_HEADER + (size_t)used + 4, at = end;
        unsigned type = q[end - 4] << 8 | q[end - 3], count = 0;
        bool known = false;
        up->asked++;
        memcpy(a, q, end);
        if (str_eq(name, "rebind.good.example") || str_eq(name, "big.good.example")) {
                bool big = name[0] == 'b';
                known = true;
                for (unsigned i = 0; type == DNS_A && i < (big ? up->big : 1); i++) {
                        char text[32];
                        (void)snprintf(text, sizeof(text),
                                       up->rebind && up->asked > 1 ? "127.0.0.1" : "198.51.100.%u", 50 + i);
                        const Record r = {name, DNS_A, text, 1};
                        at += put_record(a + at, &r);
                        count++;
                }
        } else {
                at += put_zone(a + at, name, type, &count, &known);
        }
        put16(a + 2, 0x8180 | (known ? 0 : DNS_NXDOMAIN));
        put16(a + 6, count);
        put16(a + 8, 0);
        put16(a + 10, 0);
        ares_free_string(name);
        if (!up->silent)
                assert_int_equal(sendto(up->fd, a, at, 0, (struct sockaddr *)&from, from_len), at);
}

static void upstream_open(Upstream *up)
{
        struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof(sin);
        up->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_true(up->fd >= 0);
        assert_int_equal(bind(up->fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
        assert_int_equal(getsockname(up->fd, (struct sockaddr *)&sin, &len), 0);
        (void)snprintf(up->csv, sizeof(up->csv), "127.0.0.1:%u", ntohs(sin.sin_port));
}

static void reported(void *userdata, const char *name, const PolicyVerdict *verdict)
{
        Bench *b = userdata;
        (void)snprintf(b->reported, sizeof(b->reported), "%s", name);
        b->verdict = *verdict;
        b->reports++;
}

static void bench_open(Bench *b, const char *const *rules, const char *hosts)
{
        static const PolicySite site = {.network = {{AF_INET, {10, 0, 2, 0}}}, .prefix = {24}};
        static const NetAddress own = {AF_INET, {203, 0, 113, 7}};
        Error err = {0};
        *b = (Bench){0};
        upstream_open(&b->up);
        b->policy = policy_new(&site);
        assert_non_null(b->policy);
        assert_int_equal(policy_set_host_addresses(b->policy, &own, 1), 0);
        for (; *rules; rules++) {
                NetRule rule;
                assert_int_equal(net_rule_parse(*rules + 1, &rule, NULL), 0);
                assert_int_equal(policy_add_rule(b->policy, &rule, (*rules)[0] == '-'), 0);
        }
        const DnsOptions options = {.policy = b->policy,
                                    .upstreams = b->up.csv,
                                    .hosts = hosts,
                                    .timeout_ms = 200,
                                    .report = reported,
                                    .report_userdata = b};
        if (dns_new(&options, &b->dns, &err) < 0)
                fail_msg("%s", err.text);
}

static void bench_close(Bench *b)
{
        dns_free(b->dns);
        policy_free(b->policy);
        (void)close(b->up.fd);
}

static void take_answer(void *userdata, const uint8_t *message, size_t len)
{
        Bench *b = userdata;
        memcpy(b->answer, message, len);
        b->len = len;
        b->answers++;
}

/* Until @answers are there. */
static void run_until(Bench *b, unsigned answers)
{
        while (b->answers < answers) {
                struct pollfd fds[DNS_FDS_MAX + 1] = {{.fd = b->up.fd, .events = POLLIN}};
                int timeout = 10000;
                size_t n = dns_poll(b->dns, fds + 1, DNS_FDS_MAX, &timeout);
                assert_true(timeout < 10000);
                assert_true(poll(fds, n + 1, timeout) >= 0);
                if (fds[0].revents)
                        upstream_answer(&b->up);
                dns_process(b->dns, fds + 1, n, NOW);
        }
}

static unsigned code_of(const Bench *b)
{
        return b->answer[3] & 0xf;
}

/* Asks; the answer is in @b. Returns its code. */
static unsigned ask(Bench *b, const char *name, DnsType type)
{
        unsigned char *query = NULL;
        int len = 0;
        b->reports = 0;
        b->reported[0] = '\0';
        assert_int_equal(ares_create_query(name, 1, (int)type, 0x1234, 1, &query, &len, 1232), ARES_SUCCESS);
        unsigned before = b->answers;
        assert_int_equal(dns_query(b->dns, query, (size_t)len, NOW, take_answer, b), 0);
        run_until(b, before + 1);
        ares_free_string(query);
        assert_int_equal(b->answer[0] << 8 | b->answer[1], 0x1234);
        assert_true(b->answer[2] & 0x80);
        return code_of(b);
}

/* "a b c" of the answer's addresses with their TTL, and the canonical name when it is another. */
static const char *addresses(Bench *b, DnsType type)
{
        static char text[2048];
        struct hostent *host = NULL;
        struct ares_addrttl a[64];
        struct ares_addr6ttl aaaa[64];
        int n = 64;
        size_t len = 0;
        int r = type == DNS_A ? ares_parse_a_reply(b->answer, (int)b->len, &host, a, &n)
                              : ares_parse_aaaa_reply(b->answer, (int)b->len, &host, aaaa, &n);
        text[0] = '\0';
        if (r == ARES_ENODATA)
                return "";
        assert_int_equal(r, ARES_SUCCESS);
        for (int i = 0; i < n; i++) {
                char one[64];
                (void)inet_ntop(type == DNS_A ? AF_INET : AF_INET6,
                                type == DNS_A ? (void *)&a[i].ipaddr : (void *)&aaaa[i].ip6addr, one,
                                sizeof(one));
                len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s/%d", len ? " " : "", one,
                                        type == DNS_A ? a[i].ttl : aaaa[i].ttl);
        }
        if (host->h_aliases[0])
                (void)snprintf(text + len, sizeof(text) - len, " %s", host->h_name);
        ares_free_hostent(host);
        return text;
}

static bool is_open(const Bench *b, const char *where, uint16_t port, uint64_t now)
{
        PolicyVerdict v;
        PolicyTarget to = {.protocol = NET_TCP, .port = port};
        assert_int_equal(net_address_parse(where, &to.address), 0);
        policy_check(b->policy, &to, now, &v);
        return v.action == POLICY_ALLOW;
}

#define RULES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define LIST RULES("+good.example:443", "+*.good.example:443", "-denied.example", "-*.denied.example")

static void allowed_names_are_answered_and_pinned(void **state)
{
        Bench b;
        (void)state;
        bench_open(&b, LIST, NULL);
        assert_false(is_open(&b, "198.51.100.1", 443, NOW));
        assert_int_equal(ask(&b, "Good.Example", DNS_A), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_A), "198.51.100.1/30 198.51.100.2/40");
        assert_int_equal(b.verdict.action, POLICY_ALLOW);
        assert_true(is_open(&b, "198.51.100.1", 443, NOW));
        assert_true(is_open(&b, "198.51.100.2", 443, NOW + 40000 + POLICY_GRACE_MS));
        assert_false(is_open(&b, "198.51.100.1", 443, NOW + 40000 + POLICY_GRACE_MS));
        assert_false(is_open(&b, "198.51.100.1", 80, NOW));
        assert_int_equal(ask(&b, "good.example", DNS_AAAA), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_AAAA), "2001:db8::1/50");
        assert_true(is_open(&b, "2001:db8::1", 443, NOW));
        assert_int_equal(ask(&b, "missing.good.example", DNS_A), DNS_NXDOMAIN);
        /* There, but not of this type. */
        assert_int_equal(ask(&b, "zero.good.example", DNS_AAAA), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_AAAA), "");
        bench_close(&b);
}

/* Attack 54, as far as messages go. */
static void other_names_are_refused_without_asking(void **state)
{
        Bench b;
        (void)state;
        bench_open(&b, LIST, NULL);
        static const char *const bad[] = {"evilgood.example", "good.example.evil", "example",
                                          "x.denied.example", "denied.example",    "1.2.3.4"};
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                assert_int_equal(ask(&b, bad[i], DNS_A), DNS_REFUSED);
                assert_int_equal(b.reports, 1);
                assert_string_equal(b.reported, bad[i]);
                assert_int_equal(b.verdict.action, POLICY_REFUSE);
        }
        assert_int_equal(ask(&b, "1.100.51.198.in-addr.arpa", DNS_PTR), DNS_REFUSED);
        assert_int_equal(b.up.asked, 0);
        bench_close(&b);
}

/* Attack 53. */
static void answers_that_would_rebind_are_filtered(void **state)
{
        Bench b;
        (void)state;
        bench_open(&b, LIST, NULL);
        assert_int_equal(ask(&b, "private.good.example", DNS_A), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_A), "");
        assert_int_equal(b.verdict.never, NEVER_PRIVATE);
        assert_int_equal(ask(&b, "mixed.good.example", DNS_A), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_A), "198.51.100.9/60");
        assert_int_equal(b.reports, 2);
        assert_int_equal(ask(&b, "mixed.good.example", DNS_AAAA), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_AAAA), "");
        assert_int_equal(ask(&b, "host.good.example", DNS_A), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_A), "");
        assert_int_equal(b.verdict.never, NEVER_HOST);
        assert_int_equal(ask(&b, "trap.good.example", DNS_A), DNS_NOERROR);
        assert_null(strstr((char *)b.answer + DNS_HEADER + 20, "intern"));
        assert_false(is_open(&b, "10.0.0.1", 443, NOW));
        assert_false(is_open(&b, "127.0.0.1", 443, NOW));
        assert_false(is_open(&b, "192.168.1.1", 443, NOW));
        /* The second answer changes. */
        b.up.rebind = true;
        b.up.asked = 0;
        assert_int_equal(ask(&b, "rebind.good.example", DNS_A), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_A), "198.51.100.50/1");
        assert_int_equal(ask(&b, "rebind.good.example", DNS_A), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_A), "");
        assert_false(is_open(&b, "127.0.0.1", 443, NOW));
        bench_close(&b);
}

static void a_chain_of_aliases_is_told_as_one(void **state)
{
        Bench b;
        (void)state;
        bench_open(&b, LIST, NULL);
        assert_int_equal(ask(&b, "alias.good.example", DNS_A), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_A), "198.51.100.3/20 two.cdn.example");
        assert_true(is_open(&b, "198.51.100.3", 443, NOW));
        assert_string_equal(policy_name_of(b.policy, &(NetAddress){AF_INET, {198, 51, 100, 3}}),
                            "alias.good.example");
        /* Deny= holds for what a name is an alias of. */
        assert_int_equal(ask(&b, "bad-alias.good.example", DNS_A), DNS_REFUSED);
        assert_int_equal(ask(&b, "far-alias.good.example", DNS_A), DNS_REFUSED);
        assert_false(is_open(&b, "198.51.100.66", 443, NOW));
        bench_close(&b);
}

static void ttls_are_clamped(void **state)
{
        Bench b;
        (void)state;
        bench_open(&b, LIST, NULL);
        assert_int_equal(ask(&b, "zero.good.example", DNS_A), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_A), "198.51.100.4/0");
        assert_true(is_open(&b, "198.51.100.4", 443, NOW + POLICY_GRACE_MS));
        assert_int_equal(ask(&b, "long.good.example", DNS_A), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_A), "198.51.100.5/86400");
        assert_false(is_open(&b, "198.51.100.5", 443, NOW + UINT64_C(86400001) + POLICY_GRACE_MS));
        assert_int_equal(ask(&b, "negative.good.example", DNS_A), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_A), "198.51.100.6/0");
        bench_close(&b);
}

static void other_types(void **state)
{
        Bench b;
        (void)state;
        bench_open(&b, LIST, NULL);
        struct ares_mx_reply *mx = NULL;
        assert_int_equal(ask(&b, "good.example", DNS_MX), DNS_NOERROR);
        assert_int_equal(ares_parse_mx_reply(b.answer, (int)b.len, &mx), ARES_SUCCESS);
        assert_string_equal(mx->host, "mail.good.example");
        assert_int_equal(mx->priority, 10);
        ares_free_data(mx);
        struct ares_txt_ext *txt = NULL;
        assert_int_equal(ask(&b, "good.example", DNS_TXT), DNS_NOERROR);
        assert_int_equal(ares_parse_txt_reply_ext(b.answer, (int)b.len, &txt), ARES_SUCCESS);
        assert_string_equal((char *)txt->txt, "v=1; all=no");
        ares_free_data(txt);
        /* Below labels that nobody names in a rule. */
        struct ares_srv_reply *srv = NULL;
        assert_int_equal(ask(&b, "_http._tcp.good.example", DNS_SRV), DNS_NOERROR);
        assert_int_equal(ares_parse_srv_reply(b.answer, (int)b.len, &srv), ARES_SUCCESS);
        assert_string_equal(srv->host, "www.good.example");
        assert_int_equal(srv->port, 80);
        ares_free_data(srv);
        assert_int_equal(ask(&b, "_http._tcp.other.example", DNS_SRV), DNS_REFUSED);
        /* Hints of addresses don't come along; nothing is asked. */
        unsigned asked = b.up.asked;
        static const unsigned empty[] = {65, 64, 255, 2, 6, 43, 257};
        for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
                assert_int_equal(ask(&b, "good.example", (DnsType)empty[i]), DNS_NOERROR);
                assert_int_equal(b.answer[6] << 8 | b.answer[7], 0);
        }
        assert_int_equal(ask(&b, "good.example", DNS_AXFR), DNS_REFUSED);
        assert_int_equal(b.up.asked, asked);
        bench_close(&b);

        bench_open(&b, (const char *const[]){NULL}, NULL);
        struct hostent *host = NULL;
        assert_int_equal(ask(&b, "1.100.51.198.in-addr.arpa", DNS_PTR), DNS_NOERROR);
        assert_int_equal(ares_parse_ptr_reply(b.answer, (int)b.len, NULL, 0, AF_INET, &host), ARES_SUCCESS);
        assert_string_equal(host->h_name, "good.example");
        ares_free_hostent(host);
        bench_close(&b);
}

static void the_hosts_file_counts(void **state)
{
        static const char text[] =
                "# comment\n127.0.0.1 localhost\n198.51.100.20 git.good.example git # tail\n"
                "\t2001:db8::20\tGIT.good.example.\r\n198.51.100.21 git.good.example\n"
                "10.0.0.9 inner.good.example\nnonsense x\n1.2.3 y\n"
                "::1%lo z\n198.51.100.22 bad..name";
        Bench b;
        (void)state;
        bench_open(&b, LIST, text);
        assert_int_equal(ask(&b, "git.good.example", DNS_A), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_A), "198.51.100.20/60 198.51.100.21/60");
        assert_int_equal(ask(&b, "git.good.example", DNS_AAAA), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_AAAA), "2001:db8::20/60");
        assert_true(is_open(&b, "198.51.100.20", 443, NOW));
        assert_int_equal(ask(&b, "inner.good.example", DNS_A), DNS_NOERROR);
        assert_string_equal(addresses(&b, DNS_A), "");
        assert_false(is_open(&b, "10.0.0.9", 443, NOW));
        assert_int_equal(ask(&b, "git", DNS_A), DNS_REFUSED);
        assert_int_equal(b.up.asked, 0);
        bench_close(&b);
}

static void a_long_answer_is_truncated_and_whole_over_tcp(void **state)
{
        Bench b;
        (void)state;
        bench_open(&b, LIST, NULL);
        b.up.big = 36;
        unsigned char *query = NULL;
        int len = 0;
        /* Without EDNS: 512 bytes. */
        assert_int_equal(ares_create_query("big.good.example", 1, DNS_A, 7, 1, &query, &len, 0),
                         ARES_SUCCESS);
        assert_int_equal(dns_query(b.dns, query, (size_t)len, NOW, take_answer, &b), 0);
        run_until(&b, 1);
        assert_true(b.answer[2] & 2);
        assert_int_equal(b.len, len);
        ares_free_string(query);
        assert_int_equal(ask(&b, "big.good.example", DNS_A), DNS_NOERROR);
        assert_false(b.answer[2] & 2);
        assert_true(b.len > 512 && b.len <= 1232);
        bench_close(&b);
}

static void take_stream(void *userdata, const uint8_t *bytes, size_t len)
{
        Bench *b = userdata;
        assert_int_equal(bytes[0] << 8 | bytes[1], len - 2);
        take_answer(b, bytes + 2, len - 2);
}

static void over_tcp(void **state)
{
        Bench b;
        uint8_t bytes[600];
        size_t total = 0;
        static const char *const names[] = {"good.example", "evil.example", "zero.good.example"};
        (void)state;
        bench_open(&b, LIST, NULL);
        DnsStream *s = dns_stream_new(b.dns, take_stream, &b);
        assert_non_null(s);
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                unsigned char *query = NULL;
                int len = 0;
                assert_int_equal(ares_create_query(names[i], 1, DNS_A, 7, 1, &query, &len, 0), ARES_SUCCESS);
                put16(bytes + total, (unsigned)len);
                memcpy(bytes + total + 2, query, (size_t)len);
                total += 2 + (size_t)len;
                ares_free_string(query);
        }
        /* Byte by byte, then at once. */
        for (size_t i = 0; i < total; i++)
                assert_int_equal(dns_stream_bytes(s, bytes + i, 1, NOW), 0);
        run_until(&b, 3);
        assert_int_equal(dns_stream_bytes(s, bytes, total, NOW), 0);
        run_until(&b, 6);
        assert_int_equal(b.answers, 6);
        /* Gone while upstream is asked: nothing comes, nothing is learned. */
        unsigned char *query = NULL;
        int len = 0;
        assert_int_equal(ares_create_query("long.good.example", 1, DNS_A, 7, 1, &query, &len, 0),
                         ARES_SUCCESS);
        put16(bytes, (unsigned)len);
        memcpy(bytes + 2, query, (size_t)len);
        assert_int_equal(dns_stream_bytes(s, bytes, 2 + (size_t)len, NOW), 0);
        ares_free_string(query);
        dns_stream_free(s);
        assert_int_equal(ask(&b, "good.example", DNS_A), DNS_NOERROR);
        assert_int_equal(b.answers, 7);
        assert_false(is_open(&b, "198.51.100.5", 443, NOW));
        /* Lengths that no query has. */
        static const uint8_t bad[][2] = {{0, 0}, {0, 11}, {0xff, 0xff}, {4, 1}};
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                s = dns_stream_new(b.dns, take_stream, &b);
                assert_int_equal(dns_stream_bytes(s, bad[i], 2, NOW), 0);
                assert_int_equal(dns_stream_bytes(s, bytes, 1, NOW), -EPROTO);
                dns_stream_free(s);
        }
        DnsStream *many[DNS_STREAMS_MAX];
        for (size_t i = 0; i < DNS_STREAMS_MAX; i++)
                assert_non_null(many[i] = dns_stream_new(b.dns, take_stream, &b));
        assert_null(dns_stream_new(b.dns, take_stream, &b));
        for (size_t i = 0; i < DNS_STREAMS_MAX; i++)
                dns_stream_free(many[i]);
        bench_close(&b);
}

static void a_resolver_that_is_gone_is_a_failure(void **state)
{
        Bench b;
        (void)state;
        bench_open(&b, LIST, NULL);
        b.up.silent = true;
        assert_int_equal(ask(&b, "good.example", DNS_A), DNS_SERVFAIL);
        /* As many as may be waited for, then one more at once; those left are ended with the resolver. */
        unsigned char *query = NULL;
        int len = 0;
        unsigned before = b.answers;
        assert_int_equal(ares_create_query("good.example", 1, DNS_A, 7, 1, &query, &len, 0), ARES_SUCCESS);
        for (unsigned i = 0; i < DNS_IN_FLIGHT_MAX; i++)
                assert_int_equal(dns_query(b.dns, query, (size_t)len, NOW, take_answer, &b), 0);
        assert_int_equal(b.answers, before);
        assert_int_equal(dns_query(b.dns, query, (size_t)len, NOW, take_answer, &b), 0);
        assert_int_equal(b.answers, before + 1);
        assert_int_equal(code_of(&b), DNS_SERVFAIL);
        ares_free_string(query);
        bench_close(&b);
}

static const uint8_t plain[] = {0x12, 0x34, 1, 0,   0,   1,   0,   0,   0,   0,   0, 0, 4, 'g', 'o',
                                'o',  'd',  7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0,   1};

static void change(uint8_t *m, size_t at, uint8_t value)
{
        memcpy(m, plain, sizeof(plain));
        m[at] = value;
}

static void malformed_queries(void **state)
{
        DnsQuestion q;
        DnsCode code;
        uint8_t m[sizeof(plain) + 300];
        (void)state;
        assert_int_equal(dns_question_parse(plain, sizeof(plain), &q, &code), 0);
        assert_int_equal(code, DNS_NOERROR);
        assert_string_equal(q.name, "good.example");
        /* Every prefix is a bad query or none. */
        for (size_t n = 0; n < sizeof(plain); n++) {
                int r = dns_question_parse(plain, n, &q, &code);
                assert_true(n < DNS_HEADER ? r == -EINVAL : (r == 0 && code == DNS_FORMERR));
        }
        change(m, 2, 0x81);
        assert_int_equal(dns_question_parse(m, sizeof(plain), &q, &code), -EINVAL);
        static const struct {
                size_t at;
                uint8_t value;
                DnsCode code;
        } cases[] = {{2, 0x29, DNS_NOTIMP},   {5, 0, DNS_FORMERR},     {5, 2, DNS_FORMERR},
                     {7, 1, DNS_FORMERR},     {9, 1, DNS_FORMERR},     {11, 1, DNS_FORMERR},
                     {12, 0xc0, DNS_FORMERR}, {17, 0x47, DNS_FORMERR}, {17, 200, DNS_FORMERR}};
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                change(m, cases[i].at, cases[i].value);
                assert_int_equal(dns_question_parse(m, sizeof(plain), &q, &code), 0);
                if (code != cases[i].code)
                        fail_msg("case %zu: %d", i, code);
        }
        /* Bytes left over. */
        memcpy(m, plain, sizeof(plain));
        m[sizeof(plain)] = 0;
        assert_int_equal(dns_question_parse(m, sizeof(plain) + 1, &q, &code), 0);
        assert_int_equal(code, DNS_FORMERR);
        /* Labels that are no host name's: the question is good, its name none. */
        static const uint8_t odd[] = {0, '.', ' ', '\\', 0xff, '*', '\n'};
        for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
                change(m, 14, odd[i]);
                assert_int_equal(dns_question_parse(m, sizeof(plain), &q, &code), 0);
                assert_int_equal(code, DNS_NOERROR);
                assert_string_equal(q.name, "");
        }
}

static void hosts_of_many_lines(void **state)
{
        char *text = NULL;
        size_t len, n;
        DnsHosts hosts;
        (void)state;
        FILE *f = open_memstream(&text, &len);
        for (unsigned i = 0; i < 5000; i++)
                (void)fprintf(f, "10.%u.%u.1 h%u.example dup.example\n", i / 250, i % 250, i % 1000);
        (void)fclose(f);
        assert_int_equal(dns_hosts_parse(text, &hosts), 0);
        assert_int_equal(hosts.n, 10000);
        assert_non_null(dns_hosts_find(&hosts, "h999.example", &n));
        assert_int_equal(n, 5);
        assert_non_null(dns_hosts_find(&hosts, "dup.example", &n));
        assert_int_equal(n, 5000);
        assert_null(dns_hosts_find(&hosts, "h1000.example", &n));
        dns_hosts_clear(&hosts);
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(allowed_names_are_answered_and_pinned),
                cmocka_unit_test(other_names_are_refused_without_asking),
                cmocka_unit_test(answers_that_would_rebind_are_filtered),
                cmocka_unit_test(a_chain_of_aliases_is_told_as_one),
                cmocka_unit_test(ttls_are_clamped),
                cmocka_unit_test(other_types),
                cmocka_unit_test(the_hosts_file_counts),
                cmocka_unit_test(a_long_answer_is_truncated_and_whole_over_tcp),
                cmocka_unit_test(over_tcp),
                cmocka_unit_test(a_resolver_that_is_gone_is_a_failure),
                cmocka_unit_test(malformed_queries),
                cmocka_unit_test(hosts_of_many_lines),
        };
        return RUN_TESTS(tests);
}
