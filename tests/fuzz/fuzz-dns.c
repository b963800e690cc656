/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: the first byte says what the rest is: a query, bytes of a stream, what upstream said, or
 * the text of hosts(5). Whatever upstream says, no address of the built-in list is learned or told.
 */
#include "net/dns_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t question[] = {0x12, 0x34, 1, 0,   0,   1,   0,   0,   0,   0,   0, 0, 4, 'g', 'o',
                                   'o',  'd',  7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0,   1};

static void check_answer(void *userdata, const uint8_t *message, size_t len)
{
        (void)userdata;
        if (len < DNS_HEADER || !(message[2] & 0x80))
                abort();
}

static void check_stream(void *userdata, const uint8_t *bytes, size_t len)
{
        if (len < 2)
                abort();
        check_answer(userdata, bytes + 2, len - 2);
}

/* Every address that the answer tells is one that may be told. */
static void check_told(const Policy *p, const DnsAnswer *a, int type)
{
        struct ares_addrttl v4[DNS_RECORDS_MAX];
        struct ares_addr6ttl v6[DNS_RECORDS_MAX];
        int n = DNS_RECORDS_MAX;
        int r = type == DNS_A ? ares_parse_a_reply(a->bytes, (int)a->len, NULL, v4, &n)
                              : ares_parse_aaaa_reply(a->bytes, (int)a->len, NULL, v6, &n);
        for (int i = 0; r == ARES_SUCCESS && i < n; i++) {
                PolicyVerdict v;
                PolicyTarget to = {.address.family = type == DNS_A ? AF_INET : AF_INET6,
                                   .protocol = NET_TCP,
                                   .port = 443};
                if (type == DNS_A)
                        memcpy(to.address.bytes, &v4[i].ipaddr, 4);
                else
                        memcpy(to.address.bytes, &v6[i].ip6addr, 16);
                policy_check(p, &to, 1, &v);
                if (policy_never_class(&to.address) != NEVER_NONE || v.action != POLICY_ALLOW)
                        abort();
        }
}

static void upstream(Dns *dns, const uint8_t *data, size_t size)
{
        static const uint16_t types[] = {DNS_A, DNS_AAAA, DNS_MX, DNS_SRV, DNS_PTR, DNS_TXT};
        DnsQuestion q;
        DnsCode code;
        static DnsAnswer a;
        if (dns_question_parse(question, sizeof(question), &q, &code) < 0)
                abort();
        for (size_t i = 0; i < ARRAY_LEN(types); i++) {
                q.type = types[i];
                dns_fill_answer(dns, &q, ARES_SUCCESS, data, size, &a);
                dns_answer_end(&a, &q, i % 2);
                if (a.len < DNS_HEADER || a.len > DNS_ANSWER_MAX)
                        abort();
                if (q.type == DNS_A || q.type == DNS_AAAA)
                        check_told(dns->policy, &a, q.type);
        }
}

static Dns *make(Policy **ret)
{
        static const PolicySite site = {.network = {{AF_INET, {10, 0, 2, 0}}}, .prefix = {24}};
        NetRule rule;
        Error err = {0};
        Dns *dns;
        *ret = policy_new(&site);
        if (!*ret || net_rule_parse("good.example", &rule, NULL) < 0 ||
            policy_add_rule(*ret, &rule, false) < 0)
                abort();
        /* Nothing leaves: the upstream is a closed port of the loopback. */
        const DnsOptions options = {.policy = *ret, .upstreams = "127.0.0.1:1", .timeout_ms = 1};
        if (dns_new(&options, &dns, &err) < 0)
                abort();
        return dns;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Policy *policy;
        if (size == 0)
                return 0;
        Dns *dns = make(&policy);
        dns->now_ms = 1;
        CLEANUP_FREE char *text = strndup((const char *)data + 1, size - 1);
        DnsHosts hosts;
        DnsStream *s;
        switch (data[0] % 4) {
        case 0:
                (void)dns_query(dns, data + 1, size - 1, 1, check_answer, NULL);
                break;
        case 1:
                s = dns_stream_new(dns, check_stream, NULL);
                (void)dns_stream_bytes(s, data + 1, size - 1, 1);
                dns_stream_free(s);
                break;
        case 2:
                upstream(dns, data + 1, size - 1);
                break;
        default:
                if (text && dns_hosts_parse(text, &hosts) == 0)
                        dns_hosts_clear(&hosts);
                break;
        }
        dns_free(dns);
        policy_free(policy);
        return 0;
}
