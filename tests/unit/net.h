/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the net helper's connections share: a filter with a policy, frames, a ClientHello. */
#pragma once

#include "unit.h"

#include "net/conn.h"

#define NOW 1000000

UNUSED static NetAddress address(const char *text)
{
        NetAddress a;
        if (net_address_parse(text, &a) < 0)
                fail_msg("%s", text);
        return a;
}

UNUSED static void add_rule(Policy *p, const char *text, bool deny)
{
        NetRule rule;
        assert_int_equal(net_rule_parse(text, &rule, NULL), 0);
        assert_int_equal(policy_add_rule(p, &rule, deny), 0);
}

UNUSED static void learn(Policy *p, const char *name, const char *where, uint32_t ttl)
{
        const NetAddress a = address(where);
        assert_int_equal(policy_learn(p, name, &a, ttl, NOW), 0);
}

UNUSED static unsigned reports;
UNUSED static PolicyVerdict reported;
UNUSED static PolicyTarget reported_to;
UNUSED static char reported_name[300];

UNUSED static void on_refused(void *userdata, const PolicyTarget *to, const char *name,
                              const PolicyVerdict *verdict)
{
        (void)userdata;
        reports++;
        reported = *verdict;
        reported_to = *to;
        reported_name[0] = '\0';
        if (name)
                strncat(reported_name, name, sizeof(reported_name) - 1);
}

/* A filter whose first look lets every frame pass. */
UNUSED static Filter *new_filter(void)
{
        Filter *f = calloc(1, sizeof(*f));
        const NetAddress host = address("198.51.100.1");
        assert_non_null(f);
        f->policy = policy_new(&net_site);
        f->flows = flow_table_new(1);
        assert_true(f->policy && f->flows);
        assert_int_equal(policy_set_host_addresses(f->policy, &host, 1), 0);
        return f;
}

UNUSED static void free_filter(Filter *f)
{
        policy_free(f->policy);
        flow_table_free(f->flows);
        free(f);
}

UNUSED static void init_table(ConnTable *t)
{
        assert_int_equal(conn_table_init(t, 64, 1), 0);
        t->refused = on_refused;
        reports = 0;
}

UNUSED static Frame frame_to(NetProtocol protocol, const char *where, uint16_t port)
{
        const NetAddress dest = address(where);
        return (Frame){.protocol = protocol,
                       .source = net_guest[dest.family == AF_INET6],
                       .source_port = 4000,
                       .dest = dest,
                       .dest_port = port};
}

UNUSED static Destination destination(const char *where, uint16_t port)
{
        const NetAddress a = address(where);
        return (Destination){.named = {.address = a, .protocol = NET_TCP, .port = port}, .host = a};
}

/* A TLS record with a ClientHello that names @name. Returns its length. */
UNUSED static size_t make_hello(const char *name, uint8_t *out)
{
        const size_t len = strlen(name), sni = 9 + len, body = 2 + 32 + 1 + 4 + 2 + 2 + sni;
        const uint8_t head[] = {22,
                                3,
                                1,
                                (uint8_t)((body + 4) >> 8),
                                (uint8_t)(body + 4),
                                1,
                                0,
                                (uint8_t)(body >> 8),
                                (uint8_t)body,
                                3,
                                3};
        const uint8_t middle[] = {0,
                                  0,
                                  2,
                                  0x13,
                                  1,
                                  1,
                                  0,
                                  (uint8_t)(sni >> 8),
                                  (uint8_t)sni,
                                  0,
                                  0,
                                  (uint8_t)((len + 5) >> 8),
                                  (uint8_t)(len + 5),
                                  (uint8_t)((len + 3) >> 8),
                                  (uint8_t)(len + 3),
                                  0,
                                  (uint8_t)(len >> 8),
                                  (uint8_t)len};
        size_t n = 0;
        memcpy(out, head, sizeof(head));
        n += sizeof(head);
        memset(out + n, 7, 32);
        n += 32;
        memcpy(out + n, middle, sizeof(middle));
        n += sizeof(middle);
        memcpy(out + n, name, len);
        return n + len;
}
