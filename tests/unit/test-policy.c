/* SPDX-License-Identifier: Apache-2.0 */
/* Where a sandbox may go: the rules' text, the built-in list, names and the addresses learned from them. */
#include "unit.h"

#include "net/policy.h"

#include <stdio.h>

static const PolicySite site = {
        .network = {{AF_INET, {10, 0, 2, 0}}, {AF_INET6, {0xfd, 0}}},
        .prefix = {24, 64},
        .gateway = {{AF_INET, {10, 0, 2, 2}},
                    {AF_INET6, {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}}},
        .resolver = {{AF_INET, {10, 0, 2, 3}},
                     {AF_INET6, {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3}}},
};

#define NOW 1000000

static NetAddress address(const char *text)
{
        NetAddress a;
        if (net_address_parse(text, &a) < 0)
                fail_msg("%s", text);
        return a;
}

/* "+RULE" is Allow=, "-RULE" Deny=. */
static Policy *policy(const char *const *rules)
{
        Policy *p = policy_new(&site);
        assert_non_null(p);
        policy_set_check_sni(p, true);
        for (; *rules; rules++) {
                NetRule rule;
                const char *why = "";
                if (net_rule_parse(*rules + 1, &rule, &why) < 0)
                        fail_msg("%s: %s", *rules, why);
                assert_int_equal(policy_add_rule(p, &rule, (*rules)[0] == '-'), 0);
        }
        return p;
}

#define RULES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_RULES ((const char *const[]){NULL})

/* "tcp 1.2.3.4 80" */
static PolicyVerdict ask(const Policy *p, const char *where, uint64_t now)
{
        char protocol[8], host[64];
        unsigned port;
        PolicyVerdict v;
        assert_int_equal(sscanf(where, "%7s %63s %u", protocol, host, &port), 3);
        const PolicyTarget to = {.address = address(host),
                                 .protocol = protocol[0] == 't'   ? NET_TCP
                                             : protocol[0] == 'u' ? NET_UDP
                                                                  : NET_ICMP,
                                 .port = (uint16_t)port};
        policy_check(p, &to, now, &v);
        return v;
}

static void allowed(const Policy *p, const char *where)
{
        char why[400];
        PolicyVerdict v = ask(p, where, NOW);
        if (v.action != POLICY_ALLOW)
                fail_msg("%s is refused: %s", where, policy_explain(p, &v, why, sizeof(why)));
}

static void refused(const Policy *p, const char *where, PolicyWhy why)
{
        PolicyVerdict v = ask(p, where, NOW);
        if (v.action != POLICY_REFUSE || v.why != why)
                fail_msg("%s: action %d, why %d, expected %d", where, v.action, v.why, why);
}

static void never(const Policy *p, const char *where, PolicyNever what)
{
        PolicyVerdict v = ask(p, where, NOW);
        if (v.action != POLICY_REFUSE || v.why != WHY_NEVER || v.never != what)
                fail_msg("%s: action %d, why %d, never %d, expected %d", where, v.action, v.why, v.never,
                         what);
}

static PolicyVerdict ask_name(const Policy *p, const char *name, size_t len)
{
        PolicyVerdict v;
        policy_check_name(p, name, len, &v);
        return v;
}

static bool name_allowed(const Policy *p, const char *name)
{
        return ask_name(p, name, strlen(name)).action == POLICY_ALLOW;
}

static void learn(Policy *p, const char *name, const char *where, uint32_t ttl)
{
        const NetAddress a = address(where);
        assert_int_equal(policy_learn(p, name, &a, ttl, NOW), 0);
}

static void rules_have_one_spelling(void **state)
{
        static const struct {
                const char *text, *print;
        } good[] = {
                {"example.org", "example.org"},
                {"Example.ORG.", "example.org"},
                {"*.example.org:443", "*.example.org:443"},
                {"a_b.example:1-65535/tcp", "a_b.example:1-65535/tcp"},
                {"example.org/udp", "example.org/udp"},
                {"192.0.2.1", "192.0.2.1"},
                {"192.0.2.1:80", "192.0.2.1:80"},
                {"192.0.2.0/24:80-90/udp", "192.0.2.0/24:80-90/udp"},
                {"0.0.0.0/0", "0.0.0.0/0"},
                {"2001:db8::1", "[2001:db8::1]"},
                {"2001:DB8:0::/32", "[2001:db8::/32]"},
                {"[2001:db8::1]:443/tcp", "[2001:db8::1]:443/tcp"},
                {"[2001:db8::/32]:443", "[2001:db8::/32]:443"},
                {"[::]", "[::]"},
                {"xn--bcher-kva.example", "xn--bcher-kva.example"},
                {"localhost", "localhost"},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(good); i++) {
                NetRule rule, again;
                char text[NET_RULE_TEXT_MAX];
                if (net_rule_parse(good[i].text, &rule, NULL) < 0)
                        fail_msg("%s is refused", good[i].text);
                assert_string_equal(net_rule_print(&rule, text, sizeof(text)), good[i].print);
                assert_int_equal(net_rule_parse(text, &again, NULL), 0);
                assert_memory_equal(&rule, &again, sizeof(rule));
        }
}

static void rules_that_are_none_are_refused(void **state)
{
        static const char *const bad[] = {
                "",
                ":80",
                "a..b",
                ".a",
                "a b",
                "a:0",
                "a:65536",
                "a:080",
                "a:80-",
                "a:90-80",
                "a:-1",
                "a:80:90",
                "a:http",
                "a/tcp/udp",
                "a:80/sctp",
                "*",
                "*.*.a",
                "a.*",
                "*a.b",
                "1.2.3",
                "1.2.3.4.5",
                "256.1.1.1",
                "010.0.0.1",
                "0x7f.0.0.1",
                "a.0x1",
                "127.1",
                "2130706433",
                "1.2.3.4/33",
                "1.2.3.4/24",
                "1.2.3.0/",
                "1.2.3.0/a",
                "1.2.3.0/024",
                "fe80::1%eth0",
                "[fe80::1",
                "[1.2.3.4]:80",
                "[a]:80",
                "fe80::/129",
                "::1/0",
                "[::1]80",
                "b\303\274cher.example",
                "http://a",
                "a@b",
                "user:pw@a",
                "*.10",
                "a:80 ",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example"};
        char long_name[400];
        NetRule rule = {.prefix = 77};
        const char *why = NULL;
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                why = NULL;
                if (net_rule_parse(bad[i], &rule, &why) == 0)
                        fail_msg("'%s' is taken", bad[i]);
                assert_non_null(why);
        }
        assert_int_equal(rule.prefix, 77);
        /* 253 characters are a name, 254 are none. */
        for (size_t i = 0; i < 254; i++)
                long_name[i] = i % 50 == 49 ? '.' : 'a';
        long_name[253] = '\0';
        assert_int_equal(net_rule_parse(long_name, &rule, NULL), 0);
        long_name[253] = 'a';
        long_name[254] = '\0';
        assert_int_equal(net_rule_parse(long_name, &rule, NULL), -EINVAL);
        memset(long_name, 'a', sizeof(long_name) - 1);
        long_name[399] = '\0';
        assert_int_equal(net_rule_parse(long_name, &rule, NULL), -EINVAL);
}

/* Attacks 48, 49, 50. */
static void built_in_list_without_a_list(void **state)
{
        Policy *p = policy(NO_RULES);
        const NetAddress host[] = {address("198.51.100.7"), address("2001:db8::7"), address("127.0.0.1")};
        (void)state;
        assert_int_equal(policy_set_host_addresses(p, host, ARRAY_LEN(host)), 0);
        allowed(p, "tcp 198.51.100.8 443");
        allowed(p, "udp 8.8.8.8 53");
        allowed(p, "icmp 9.9.9.9 0");
        allowed(p, "tcp 2001:db8::8 443");
        allowed(p, "tcp 203.0.113.1 80");
        never(p, "tcp 127.0.0.1 80", NEVER_LOOPBACK);
        never(p, "tcp 127.255.255.254 80", NEVER_LOOPBACK);
        never(p, "tcp 0.0.0.0 80", NEVER_UNSPECIFIED);
        never(p, "tcp 0.1.2.3 80", NEVER_UNSPECIFIED);
        never(p, "tcp :: 80", NEVER_UNSPECIFIED);
        never(p, "tcp ::1 80", NEVER_LOOPBACK);
        never(p, "tcp ::ffff:127.0.0.1 80", NEVER_RESERVED);
        never(p, "tcp ::ffff:198.51.100.8 80", NEVER_RESERVED);
        never(p, "tcp ::127.0.0.1 80", NEVER_RESERVED);
        never(p, "tcp ::ffff:0:127.0.0.1 80", NEVER_RESERVED);
        never(p, "tcp 64:ff9b::127.0.0.1 80", NEVER_LOOPBACK);
        never(p, "tcp 64:ff9b::10.1.2.3 80", NEVER_PRIVATE);
        never(p, "tcp 64:ff9b::198.51.100.7 80", NEVER_HOST);
        never(p, "tcp 64:ff9b:1::1 80", NEVER_PRIVATE);
        allowed(p, "tcp 64:ff9b::198.51.100.8 80");
        never(p, "tcp 2002:7f00:1:: 80", NEVER_LOOPBACK);
        never(p, "tcp 2002:c0a8:101::1 80", NEVER_PRIVATE);
        never(p, "tcp 2001:0:a00:1:0:0:3f57:fe71 80", NEVER_PRIVATE);
        never(p, "tcp 2001:0:4136:e378:8000:63bf:80ff:fffe 80", NEVER_LOOPBACK);
        never(p, "tcp 2001:db8::5efe:127.0.0.1 80", NEVER_LOOPBACK);
        never(p, "tcp 2001:db8::200:5efe:10.0.0.1 80", NEVER_PRIVATE);
        never(p, "tcp 169.254.169.254 80", NEVER_LINK_LOCAL);
        never(p, "tcp fe80::1 80", NEVER_LINK_LOCAL);
        never(p, "udp 224.0.0.251 5353", NEVER_MULTICAST);
        never(p, "udp ff02::fb 5353", NEVER_MULTICAST);
        never(p, "udp 255.255.255.255 67", NEVER_RESERVED);
        never(p, "tcp 240.0.0.1 80", NEVER_RESERVED);
        never(p, "tcp 10.255.255.255 80", NEVER_PRIVATE);
        never(p, "tcp 172.16.0.1 80", NEVER_PRIVATE);
        never(p, "tcp 172.31.255.255 80", NEVER_PRIVATE);
        allowed(p, "tcp 172.32.0.1 80");
        never(p, "tcp 192.168.0.1 80", NEVER_PRIVATE);
        never(p, "tcp 100.64.0.1 80", NEVER_PRIVATE);
        allowed(p, "tcp 100.128.0.1 80");
        never(p, "tcp fc00::1 80", NEVER_PRIVATE);
        never(p, "tcp fdff::1 80", NEVER_PRIVATE);
        never(p, "tcp fec0::1 80", NEVER_PRIVATE);
        never(p, "tcp 198.51.100.7 80", NEVER_HOST);
        never(p, "tcp 2001:db8::7 80", NEVER_HOST);
        /* One that came later. */
        const NetAddress later[] = {address("198.51.100.8")};
        assert_int_equal(policy_set_host_addresses(p, later, 1), 0);
        never(p, "tcp 198.51.100.8 443", NEVER_HOST);
        allowed(p, "tcp 198.51.100.7 80");
        assert_int_equal(policy_set_host_addresses(p, later, POLICY_HOST_ADDRESSES_MAX + 1), -E2BIG);
        never(p, "tcp 198.51.100.8 443", NEVER_HOST);
        policy_free(p);
}

static void what_opens_the_built_in_list(void **state)
{
        Policy *p = policy(RULES("+0.0.0.0/0", "+::/0"));
        const NetAddress host[] = {address("198.51.100.7"), address("10.1.1.1"), address("127.0.0.1"),
                                   address("::1")};
        (void)state;
        assert_int_equal(policy_set_host_addresses(p, host, 4), 0);
        allowed(p, "tcp 198.51.100.8 443");
        never(p, "tcp 10.0.0.1 80", NEVER_PRIVATE);
        never(p, "tcp 198.51.100.7 80", NEVER_HOST);
        never(p, "tcp 127.0.0.1 80", NEVER_LOOPBACK);
        never(p, "tcp fd00:1::1 80", NEVER_PRIVATE);
        policy_free(p);

        p = policy(RULES("+10.0.0.0/8:80", "+198.51.100.7:22/tcp", "+127.0.0.1", "+224.0.0.0/4",
                         "+::ffff:10.0.0.1", "+169.254.169.254", "+[fd00:1::1]:1-9"));
        assert_int_equal(policy_set_host_addresses(p, host, 4), 0);
        allowed(p, "tcp 10.0.0.1 80");
        never(p, "tcp 10.0.0.1 81", NEVER_PRIVATE);
        never(p, "tcp 10.1.1.1 80", NEVER_HOST);
        never(p, "tcp 192.168.0.1 80", NEVER_PRIVATE);
        allowed(p, "tcp 198.51.100.7 22");
        never(p, "udp 198.51.100.7 22", NEVER_HOST);
        never(p, "tcp 127.0.0.1 80", NEVER_LOOPBACK);
        never(p, "udp 224.0.0.1 80", NEVER_MULTICAST);
        never(p, "tcp ::ffff:10.0.0.1 80", NEVER_RESERVED);
        allowed(p, "tcp 169.254.169.254 80");
        never(p, "tcp 64:ff9b::10.0.0.1 80", NEVER_PRIVATE);
        allowed(p, "tcp fd00:1::1 9");
        never(p, "tcp fd00:1::1 10", NEVER_PRIVATE);
        policy_free(p);

        p = policy(NO_RULES);
        policy_set_allow_private(p, true);
        assert_int_equal(policy_set_host_addresses(p, host, 4), 0);
        allowed(p, "tcp 10.0.0.1 80");
        allowed(p, "tcp fd00:1::1 80");
        never(p, "tcp 10.1.1.1 80", NEVER_HOST);
        never(p, "tcp 169.254.169.254 80", NEVER_LINK_LOCAL);
        policy_free(p);
}

/* Attacks 47, 51. */
static void sandbox_network(void **state)
{
        Policy *p = policy(RULES("+10.0.0.0/8", "+10.0.2.2", "+10.0.2.3", "+fd00::2"));
        (void)state;
        policy_set_allow_private(p, true);
        assert_int_equal(ask(p, "udp 10.0.2.3 53", NOW).action, POLICY_RESOLVE);
        assert_int_equal(ask(p, "tcp fd00::3 53", NOW).action, POLICY_RESOLVE);
        never(p, "tcp 10.0.2.3 80", NEVER_SANDBOX);
        never(p, "icmp 10.0.2.3 0", NEVER_SANDBOX);
        never(p, "tcp 10.0.2.2 8080", NEVER_SANDBOX);
        never(p, "tcp 10.0.2.77 80", NEVER_SANDBOX);
        never(p, "tcp fd00::2 80", NEVER_SANDBOX);
        never(p, "tcp fd00::77 80", NEVER_SANDBOX);
        assert_int_equal(policy_add_host_loopback(p, 8080), 0);
        assert_int_equal(ask(p, "tcp 10.0.2.2 8080", NOW).why, WHY_HOST_LOOPBACK);
        assert_int_equal(ask(p, "tcp fd00::2 8080", NOW).why, WHY_HOST_LOOPBACK);
        never(p, "tcp 10.0.2.2 8081", NEVER_SANDBOX);
        never(p, "icmp 10.0.2.2 0", NEVER_SANDBOX);
        allowed(p, "tcp 10.0.3.2 80");
        policy_free(p);
}

static void deny_wins(void **state)
{
        Policy *p = policy(RULES("-192.0.2.0/24", "+192.0.2.1", "+*.example.org", "-bad.example.org",
                                 "-mail.example.org:25", "-[2001:db8:1::/48]:80"));
        char text[400];
        (void)state;
        PolicyVerdict v = ask(p, "tcp 192.0.2.1 80", NOW);
        assert_int_equal(v.action, POLICY_REFUSE);
        assert_string_equal(policy_explain(p, &v, text, sizeof(text)), "Deny=192.0.2.0/24");
        refused(p, "tcp 64:ff9b::192.0.2.1 80", WHY_RULE);
        assert_true(name_allowed(p, "good.example.org"));
        assert_false(name_allowed(p, "bad.example.org"));
        assert_true(name_allowed(p, "mail.example.org"));
        learn(p, "mail.example.org", "198.51.100.1", 60);
        allowed(p, "tcp 198.51.100.1 443");
        refused(p, "tcp 198.51.100.1 25", WHY_RULE);
        policy_free(p);

        p = policy(RULES("-evil.example", "-*.evil.example"));
        assert_false(policy_has_list(p));
        assert_false(name_allowed(p, "evil.example"));
        assert_false(name_allowed(p, "a.b.EVIL.example."));
        assert_true(name_allowed(p, "notevil.example"));
        assert_true(ask(p, "tcp 198.51.100.1 443", NOW).check_sni);
        const PolicyTarget to = {.address = address("198.51.100.1"), .protocol = NET_TCP, .port = 443};
        policy_check_sni(p, &to, "x.evil.example", 14, NOW, &v);
        assert_int_equal(v.action, POLICY_REFUSE);
        policy_check_sni(p, &to, "good.example", 12, NOW, &v);
        assert_int_equal(v.action, POLICY_ALLOW);
        policy_free(p);
}

/* Attack 54. */
static void names_match_by_exact_labels(void **state)
{
        Policy *p = policy(RULES("+github.com", "+*.example.org"));
        static const char *const good[] = {"github.com",    "GitHub.COM",      "github.com.",
                                           "a.example.org", "a.b.example.org", "A.EXAMPLE.org."};
        static const char *const bad[] = {"evilgithub.com",
                                          "github.com.evil",
                                          "github.comevil",
                                          "www.github.com",
                                          "github.com..",
                                          ".github.com",
                                          "github..com",
                                          "githubxcom",
                                          "github.co",
                                          "com",
                                          "",
                                          ".",
                                          "example.org",
                                          ".example.org",
                                          "a.xexample.org",
                                          "a.example.org.evil",
                                          "*.example.org",
                                          "a b.example.org",
                                          "a\\.example.org",
                                          "g\xc4\xb1thub.com"};
        char label[100];
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(good); i++)
                if (!name_allowed(p, good[i]))
                        fail_msg("%s is refused", good[i]);
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                if (name_allowed(p, bad[i]))
                        fail_msg("%s is allowed", bad[i]);
        assert_int_equal(ask_name(p, "github.com\0.evil", 16).why, WHY_BAD_NAME);
        assert_int_equal(ask_name(p, "evil\0.example.org", 17).why, WHY_BAD_NAME);
        memset(label, 'a', 64);
        memcpy(label + 64, ".example.org", 13);
        assert_int_equal(ask_name(p, label, 76).why, WHY_BAD_NAME);
        assert_true(name_allowed(p, label + 1));
        policy_free(p);
}

/* Attacks 52, 55. */
static void an_address_is_open_by_the_name_that_led_to_it(void **state)
{
        Policy *p = policy(
                RULES("+git.example.org:443", "+*.cdn.example:80-90/tcp", "+dns.example", "+192.0.2.53:53"));
        char text[400];
        (void)state;
        refused(p, "tcp 198.51.100.1 443", WHY_NOT_NAMED);
        learn(p, "git.example.org", "198.51.100.1", 30);
        PolicyVerdict v = ask(p, "tcp 198.51.100.1 443", NOW);
        assert_int_equal(v.action, POLICY_ALLOW);
        assert_true(v.check_sni);
        assert_string_equal(policy_explain(p, &v, text, sizeof(text)), "Allow=git.example.org:443");
        refused(p, "tcp 198.51.100.1 80", WHY_NOT_NAMED);
        refused(p, "icmp 198.51.100.1 0", WHY_NOT_NAMED);
        refused(p, "tcp 198.51.100.2 443", WHY_NOT_NAMED);
        refused(p, "udp 198.51.100.1 443", WHY_QUIC);
        assert_string_equal(policy_name_of(p, &(NetAddress){AF_INET, {198, 51, 100, 1}}), "git.example.org");
        /* The name expires, after the TTL and the grace. */
        uint64_t end = NOW + 30000 + POLICY_GRACE_MS;
        assert_int_equal(ask(p, "tcp 198.51.100.1 443", end).action, POLICY_ALLOW);
        assert_int_equal(ask(p, "tcp 198.51.100.1 443", end + 1).why, WHY_NOT_NAMED);
        /* A second answer does not shorten, and does not add ports. */
        learn(p, "git.example.org", "198.51.100.1", 0);
        assert_int_equal(ask(p, "tcp 198.51.100.1 443", end).action, POLICY_ALLOW);
        learn(p, "x.cdn.example", "198.51.100.1", 30);
        allowed(p, "tcp 198.51.100.1 85");
        refused(p, "udp 198.51.100.1 85", WHY_NOT_NAMED);
        allowed(p, "tcp 198.51.100.1 443");
        /* Other resolvers. */
        learn(p, "dns.example", "198.51.100.5", 30);
        refused(p, "udp 198.51.100.5 53", WHY_OTHER_RESOLVER);
        refused(p, "tcp 198.51.100.5 853", WHY_OTHER_RESOLVER);
        refused(p, "udp 9.9.9.9 53", WHY_OTHER_RESOLVER);
        allowed(p, "udp 192.0.2.53 53");
        allowed(p, "icmp 198.51.100.5 0");
        policy_free(p);
}

/* A flow that was allowed may go on, which is known from no flow by mistake: the second look depends on it.
 */
static void a_pin_that_is_over_is_told_from_none(void **state)
{
        Policy *p = policy(RULES("+git.example.org", "+quic.example/udp", "+ns.example:53"));
        const uint64_t over = NOW + 30000 + POLICY_GRACE_MS + 1;
        (void)state;
        assert_false(ask(p, "udp 198.51.100.1 80", NOW).lapsed);
        learn(p, "git.example.org", "198.51.100.1", 30);
        learn(p, "other.example", "198.51.100.2", 30);
        learn(p, "quic.example", "198.51.100.3", 30);
        learn(p, "ns.example", "198.51.100.4", 30);
        assert_false(ask(p, "udp 198.51.100.1 80", NOW).lapsed);
        assert_true(ask(p, "udp 198.51.100.1 80", over).lapsed);
        assert_int_equal(ask(p, "udp 198.51.100.1 80", over).action, POLICY_REFUSE);
        assert_true(ask(p, "tcp 198.51.100.1 80", over).lapsed);
        assert_true(ask(p, "udp 198.51.100.3 443", over).lapsed);
        assert_true(ask(p, "udp 198.51.100.4 53", over).lapsed);
        assert_false(ask(p, "udp 198.51.100.1 443", over).lapsed); /* QUIC, which was refused before */
        assert_false(ask(p, "udp 198.51.100.1 53", over).lapsed);  /* another resolver */
        assert_false(ask(p, "udp 198.51.100.2 80", over).lapsed);  /* a name that no rule names */
        assert_false(ask(p, "udp 198.51.100.5 80", over).lapsed);
        policy_free(p);
}

static void an_empty_list_is_nothing(void **state)
{
        Policy *p = policy(NO_RULES);
        (void)state;
        policy_set_list(p);
        refused(p, "tcp 198.51.100.1 443", WHY_NOT_NAMED);
        assert_false(name_allowed(p, "example.org"));
        policy_free(p);
}

/* Attack 53. */
static void answers_are_filtered(void **state)
{
        Policy *p = policy(RULES("+good.example", "+10.1.0.0/16", "-bad.example"));
        PolicyVerdict v;
        (void)state;
        const NetAddress host = address("198.51.100.7");
        assert_int_equal(policy_set_host_addresses(p, &host, 1), 0);
        static const struct {
                const char *address;
                bool may;
        } cases[] = {{"198.51.100.1", true}, {"127.0.0.1", false},    {"10.0.0.1", false},
                     {"10.1.0.1", true},     {"::1", false},          {"::ffff:8.8.8.8", false},
                     {"fe80::1", false},     {"198.51.100.7", false}, {"10.0.2.2", false},
                     {"0.0.0.0", false},     {"fd00::3", false},      {"2001:db8::1", true}};
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                const NetAddress a = address(cases[i].address);
                if (policy_may_answer(p, "good.example", &a, &v) != cases[i].may)
                        fail_msg("%s", cases[i].address);
        }
        const NetAddress a = address("198.51.100.1");
        assert_false(policy_may_answer(p, "bad.example", &a, &v));
        assert_false(policy_may_answer(p, "other.example", &a, &v));
        policy_free(p);
}

static void tls_names(void **state)
{
        Policy *p = policy(RULES("+good.example:443", "+*.cdn.example", "+plain.example:80"));
        PolicyVerdict v;
        const PolicyTarget to = {.address = address("198.51.100.1"), .protocol = NET_TCP, .port = 443};
        (void)state;
        learn(p, "good.example", "198.51.100.1", 60);
        static const struct {
                const char *name;
                bool good;
        } cases[] = {{"good.example", true},
                     {"Good.Example", true},
                     {"a.cdn.example", true},
                     {"evil.example", false},
                     {"plain.example", false},
                     {"cdn.example", false},
                     {"", false},
                     {NULL, false}};
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                policy_check_sni(p, &to, cases[i].name, cases[i].name ? strlen(cases[i].name) : 0, NOW, &v);
                if ((v.action == POLICY_ALLOW) != cases[i].good)
                        fail_msg("%s", cases[i].name ? cases[i].name : "(none)");
        }
        policy_check_sni(p, &to, "good.example\0.evil.example", 26, NOW, &v);
        assert_int_equal(v.why, WHY_SNI);
        policy_set_check_sni(p, false);
        assert_false(ask(p, "tcp 198.51.100.1 443", NOW).check_sni);
        assert_int_equal(ask(p, "udp 198.51.100.1 443", NOW).action, POLICY_ALLOW);
        policy_free(p);
}

static void learned_addresses_are_bounded(void **state)
{
        Policy *p = policy(RULES("+*.example"));
        (void)state;
        for (unsigned i = 0; i < 3 * POLICY_LEARNED_MAX; i++) {
                const NetAddress a = {AF_INET, {198, 51, (uint8_t)(i >> 8), (uint8_t)i}};
                assert_int_equal(policy_learn(p, "a.example", &a, 1 + i % 100, NOW), 0);
        }
        unsigned open = 0;
        for (unsigned i = 0; i < 3 * POLICY_LEARNED_MAX; i++) {
                PolicyVerdict v;
                const PolicyTarget to = {{AF_INET, {198, 51, (uint8_t)(i >> 8), (uint8_t)i}}, NET_TCP, 80};
                policy_check(p, &to, NOW, &v);
                open += v.action == POLICY_ALLOW;
        }
        assert_int_equal(open, POLICY_LEARNED_MAX);
        /* Of many names of one address the last ones stay. */
        for (unsigned i = 0; i < 100; i++) {
                char name[32];
                const NetAddress a = {AF_INET, {203, 0, 113, 1}};
                (void)snprintf(name, sizeof(name), "n%u.example", i);
                assert_int_equal(policy_learn(p, name, &a, 100, NOW + i), 0);
                assert_string_equal(policy_name_of(p, &a), name);
        }
        /* All are over: one purge makes room. */
        const NetAddress late = {AF_INET, {203, 0, 113, 9}};
        assert_int_equal(policy_learn(p, "late.example", &late, 1, NOW + UINT64_C(1000000000)), 0);
        assert_string_equal(policy_name_of(p, &late), "late.example");
        assert_null(policy_name_of(p, &(NetAddress){AF_INET, {203, 0, 113, 1}}));
        policy_free(p);
}

static void rules_come_before_names(void **state)
{
        Policy *p = policy(RULES("+a.example"));
        NetRule rule = {0};
        (void)state;
        assert_int_equal(net_rule_parse("b.example", &rule, NULL), 0);
        learn(p, "a.example", "198.51.100.1", 1);
        assert_int_equal(policy_add_rule(p, &rule, false), -EBUSY);
        policy_free(p);
}

/* A random name of few letters, so that rules and questions meet. */
static void random_name(char *out, unsigned *seed)
{
        static const char letters[] = "aAbB.-";
        size_t n = 1 + (size_t)rand_r(seed) % 8;
        for (size_t i = 0; i < n; i++)
                out[i] = letters[(size_t)rand_r(seed) % 6];
        out[n] = '\0';
}

/* What the words of the manual say, slowly: label by label from the end. */
static bool slow_match(const char *rule, const char *name)
{
        char r[64], n[64];
        (void)snprintf(r, sizeof(r), "%.60s", rule);
        (void)snprintf(n, sizeof(n), "%.60s", name);
        for (char *c = r; *c; c++)
                *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        for (char *c = n; *c; c++)
                *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        if (n[0] && n[strlen(n) - 1] == '.')
                n[strlen(n) - 1] = '\0';
        if (r[0] && r[strlen(r) - 1] == '.')
                r[strlen(r) - 1] = '\0';
        for (;;) {
                char *rd = strrchr(r, '.'), *nd = strrchr(n, '.');
                if (str_eq(r, "*"))
                        return n[0] != '\0';
                if (strcmp(rd ? rd + 1 : r, nd ? nd + 1 : n) != 0)
                        return false;
                if (!rd || !nd)
                        return !rd && !nd;
                *rd = *nd = '\0';
        }
}

static void lookup_agrees_with_a_slow_reference(void **state)
{
        unsigned seed = 20260101, hits = 0, total = 0;
        (void)state;
        for (unsigned round = 0; round < 400; round++) {
                char rules[20][24], name[16];
                Policy *p = policy(NO_RULES);
                size_t n = 0;
                for (unsigned i = 0; i < 20; i++) {
                        NetRule rule;
                        char text[16];
                        random_name(text, &seed);
                        (void)snprintf(rules[n], sizeof(rules[n]), "%s%s", rand_r(&seed) % 2 ? "*." : "",
                                       text);
                        if (net_rule_parse(rules[n], &rule, NULL) == 0) {
                                assert_int_equal(policy_add_rule(p, &rule, false), 0);
                                n++;
                        }
                }
                for (unsigned i = 0; n > 0 && i < 100; i++) {
                        char normal[NET_NAME_MAX + 1];
                        bool slow = false;
                        random_name(name, &seed);
                        if (net_name_normalize(name, strlen(name), normal) < 0) {
                                assert_false(name_allowed(p, name));
                                continue;
                        }
                        for (size_t k = 0; k < n; k++)
                                slow |= slow_match(rules[k], name);
                        if (name_allowed(p, name) != slow)
                                fail_msg("'%s' is %s", name, slow ? "refused" : "allowed");
                        hits += slow;
                        total++;
                }
                policy_free(p);
        }
        /* Both outcomes were seen often. */
        assert_true(hits > total / 20 && hits < total - total / 20);
}

/* Whatever the rules: what is opened by nothing is never allowed, and what Deny= names neither. */
static void no_rules_open_what_is_opened_by_nothing(void **state)
{
        unsigned seed = 4711;
        (void)state;
        for (unsigned round = 0; round < 2000; round++) {
                Policy *p = policy(NO_RULES);
                NetRule denied = {.kind = NET_RULE_NETWORK,
                                  .port_last = 65535,
                                  .protocols = NET_TCP | NET_UDP | NET_ICMP};
                for (unsigned i = 0; i < 6; i++) {
                        NetRule rule = {.kind = NET_RULE_NETWORK, .port_last = 65535, .protocols = NET_TCP};
                        rule.address.family = rand_r(&seed) % 2 ? AF_INET : AF_INET6;
                        rule.prefix = (unsigned)rand_r(&seed) % (rule.address.family == AF_INET ? 33 : 129);
                        for (unsigned bit = 0; bit < rule.prefix; bit++)
                                if (rand_r(&seed) % 2)
                                        rule.address.bytes[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
                        assert_int_equal(policy_add_rule(p, &rule, false), 0);
                        denied.address = rule.address;
                        denied.prefix = rule.prefix;
                }
                assert_int_equal(policy_add_rule(p, &denied, true), 0);
                policy_set_allow_private(p, rand_r(&seed) % 2);
                for (unsigned i = 0; i < 50; i++) {
                        PolicyTarget to = {.protocol = NET_TCP, .port = 80};
                        to.address.family = rand_r(&seed) % 2 ? AF_INET : AF_INET6;
                        for (size_t k = 0; k < (to.address.family == AF_INET ? 4U : 16U); k++)
                                to.address.bytes[k] = (uint8_t)(rand_r(&seed) % 3 ? rand_r(&seed) : 0);
                        PolicyVerdict v;
                        policy_check(p, &to, NOW, &v);
                        PolicyNever what = policy_never_class(&to.address);
                        bool shut = what == NEVER_LOOPBACK || what == NEVER_UNSPECIFIED ||
                                    what == NEVER_MULTICAST || what == NEVER_RESERVED;
                        assert_false(v.action == POLICY_ALLOW && shut);
                        assert_false(v.action == POLICY_ALLOW && net_rule_has_address(&denied, &to.address));
                }
                policy_free(p);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rules_have_one_spelling),
                cmocka_unit_test(rules_that_are_none_are_refused),
                cmocka_unit_test(built_in_list_without_a_list),
                cmocka_unit_test(what_opens_the_built_in_list),
                cmocka_unit_test(sandbox_network),
                cmocka_unit_test(deny_wins),
                cmocka_unit_test(names_match_by_exact_labels),
                cmocka_unit_test(an_address_is_open_by_the_name_that_led_to_it),
                cmocka_unit_test(a_pin_that_is_over_is_told_from_none),
                cmocka_unit_test(an_empty_list_is_nothing),
                cmocka_unit_test(answers_are_filtered),
                cmocka_unit_test(tls_names),
                cmocka_unit_test(learned_addresses_are_bounded),
                cmocka_unit_test(rules_come_before_names),
                cmocka_unit_test(lookup_agrees_with_a_slow_reference),
                cmocka_unit_test(no_rules_open_what_is_opened_by_nothing),
        };
        return RUN_TESTS(tests);
}
