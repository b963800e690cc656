/* SPDX-License-Identifier: Apache-2.0 */
/* Turns an upstream's answer into the answer for the sandbox, and learns its addresses. */
#include "net/dns_internal.h"

#include <netdb.h>

#define HOSTS_TTL 60
#define OTHER_TTL 60

typedef struct Found {
        NetAddress address;
        uint32_t ttl;
} Found;

static void report(Dns *dns, const char *name, const PolicyVerdict *verdict)
{
        if (dns->report)
                dns->report(dns->report_userdata, name, verdict);
}

/* Adds addresses that the policy lets the sandbox reach to the answer, and learns them; others are reported
 * to the user, once per answer. An address that cannot be learned is dropped, too. */
static void add_addresses(Dns *dns, const DnsQuestion *q, const Found *found, size_t n, DnsAnswer *a)
{
        PolicyVerdict verdict, refused = {0};
        bool one_refused = false;
        for (size_t i = 0; i < n; i++) {
                if (!policy_may_answer(dns->policy, q->name, &found[i].address, &verdict)) {
                        refused = verdict;
                        one_refused = true;
                        continue;
                }
                if (policy_learn(dns->policy, q->name, &found[i].address, found[i].ttl, dns->now_ms) == 0)
                        dns_answer_address(a, &found[i].address, found[i].ttl);
        }
        if (one_refused)
                report(dns, q->name, &refused);
}

/* A hostile upstream may send any number: a negative one is 0 (RFC 2181 8). */
static uint32_t clamp_ttl(int ttl)
{
        return ttl < 0 ? 0 : ttl > POLICY_TTL_MAX_S ? POLICY_TTL_MAX_S : (uint32_t)ttl;
}

static size_t parse_addresses(DnsType type, const uint8_t *abuf, size_t alen, Found *found)
{
        struct ares_addrttl a[DNS_RECORDS_MAX];
        struct ares_addr6ttl aaaa[DNS_RECORDS_MAX];
        int n = DNS_RECORDS_MAX;
        int r = type == DNS_A ? ares_parse_a_reply(abuf, (int)alen, NULL, a, &n)
                              : ares_parse_aaaa_reply(abuf, (int)alen, NULL, aaaa, &n);
        if (r != ARES_SUCCESS)
                return 0;
        for (int i = 0; i < n; i++) {
                found[i] = (Found){.address.family = type == DNS_A ? AF_INET : AF_INET6,
                                   .ttl = clamp_ttl(type == DNS_A ? a[i].ttl : aaaa[i].ttl)};
                if (type == DNS_A)
                        memcpy(found[i].address.bytes, &a[i].ipaddr, 4);
                else
                        memcpy(found[i].address.bytes, &aaaa[i].ip6addr, 16);
        }
        return (size_t)n;
}

static uint16_t get16(const uint8_t *p)
{
        return (uint16_t)(p[0] << 8 | p[1]);
}

/* Expands the name at @at, and advances @at behind it. */
static int take_name(const uint8_t *abuf, size_t alen, size_t *at, char **ret)
{
        long used = 0;
        if (*at >= alen || ares_expand_name(abuf + *at, abuf, (int)alen, ret, &used) != ARES_SUCCESS)
                return -EBADMSG;
        *at += (size_t)used;
        return 0;
}

/*
 * Walks the aliases, because c-ares's hostent does not have the last one. Checks the target of each: a denied
 * one ends the walk. @ret_last: the last one that is a host name; "": none.
 *
 * Returns 0, -EPERM with @verdict, -EBADMSG.
 */
static int walk_aliases(Dns *dns, const uint8_t *abuf, size_t alen, char *ret_last, PolicyVerdict *verdict)
{
        size_t at = DNS_HEADER;
        char *name = NULL;
        ret_last[0] = '\0';
        if (alen < DNS_HEADER || take_name(abuf, alen, &at, &name) < 0)
                return -EBADMSG;
        ares_free_string(name);
        at += 4;
        for (unsigned i = get16(abuf + 6); i > 0; i--) {
                if (take_name(abuf, alen, &at, &name) < 0)
                        return -EBADMSG;
                ares_free_string(name);
                if (at > alen || alen - at < 10 || alen - at - 10 < get16(abuf + at + 8))
                        return -EBADMSG;
                size_t data = at + 10, type = get16(abuf + at);
                at = data + get16(abuf + at + 8);
                if (type != DNS_CNAME)
                        continue;
                if (take_name(abuf, alen, &data, &name) < 0)
                        return -EBADMSG;
                policy_check_name(dns->policy, name, strlen(name), verdict);
                bool denied = verdict->action == POLICY_REFUSE && verdict->why == WHY_RULE;
                if (net_name_normalize(name, strlen(name), ret_last) < 0)
                        ret_last[0] = '\0';
                ares_free_string(name);
                if (denied)
                        return -EPERM;
        }
        return 0;
}

static void fill_addresses(Dns *dns, const DnsQuestion *q, const uint8_t *abuf, size_t alen, DnsAnswer *a)
{
        Found found[DNS_RECORDS_MAX];
        PolicyVerdict verdict;
        char last[NET_NAME_MAX + 1];
        uint32_t ttl = POLICY_TTL_MAX_S;
        int r = walk_aliases(dns, abuf, alen, last, &verdict);
        if (r < 0) {
                dns_answer_begin(a, q, r == -EPERM ? DNS_REFUSED : DNS_SERVFAIL);
                if (r == -EPERM)
                        report(dns, q->name, &verdict);
                return;
        }
        size_t n = parse_addresses((DnsType)q->type, abuf, alen, found);
        for (size_t i = 0; i < n; i++)
                ttl = found[i].ttl < ttl ? found[i].ttl : ttl;
        /* A chain of aliases becomes one step, to the name of the addresses. */
        if (n > 0 && last[0] && !str_eq(last, q->name))
                dns_answer_cname(a, last, ttl);
        add_addresses(dns, q, found, n, a);
}

void dns_fill_hosts(Dns *dns, const DnsQuestion *q, const DnsHost *hosts, size_t n, DnsAnswer *a)
{
        Found found[DNS_RECORDS_MAX];
        size_t taken = 0;
        sa_family_t family = q->type == DNS_A ? AF_INET : AF_INET6;
        for (size_t i = 0; i < n && taken < DNS_RECORDS_MAX; i++)
                if (hosts[i].address.family == family)
                        found[taken++] = (Found){hosts[i].address, HOSTS_TTL};
        dns_answer_begin(a, q, DNS_NOERROR);
        add_addresses(dns, q, found, taken, a);
}

/* Adds a record with @head and a name of the upstream; it is dropped if the name is not a host name. */
static void add_named(DnsAnswer *a, DnsType type, const uint8_t *head, size_t head_len, const char *name)
{
        char normal[NET_NAME_MAX + 1];
        if (a->count < DNS_RECORDS_MAX && net_name_normalize(name, strlen(name), normal) == 0)
                dns_answer_record(a, type, OTHER_TTL, head, head_len, normal);
}

static void fill_mx(const uint8_t *abuf, size_t alen, DnsAnswer *a)
{
        struct ares_mx_reply *list = NULL;
        if (ares_parse_mx_reply(abuf, (int)alen, &list) != ARES_SUCCESS)
                return;
        for (struct ares_mx_reply *m = list; m; m = m->next) {
                const uint8_t head[] = {(uint8_t)(m->priority >> 8), (uint8_t)m->priority};
                add_named(a, DNS_MX, head, sizeof(head), m->host);
        }
        ares_free_data(list);
}

static void fill_srv(const uint8_t *abuf, size_t alen, DnsAnswer *a)
{
        struct ares_srv_reply *list = NULL;
        if (ares_parse_srv_reply(abuf, (int)alen, &list) != ARES_SUCCESS)
                return;
        for (struct ares_srv_reply *s = list; s; s = s->next) {
                const uint8_t head[] = {(uint8_t)(s->priority >> 8), (uint8_t)s->priority,
                                        (uint8_t)(s->weight >> 8),   (uint8_t)s->weight,
                                        (uint8_t)(s->port >> 8),     (uint8_t)s->port};
                add_named(a, DNS_SRV, head, sizeof(head), s->host);
        }
        ares_free_data(list);
}

static void fill_ptr(const uint8_t *abuf, size_t alen, DnsAnswer *a)
{
        struct hostent *host = NULL;
        if (ares_parse_ptr_reply(abuf, (int)alen, NULL, 0, AF_UNSPEC, &host) != ARES_SUCCESS)
                return;
        if (host->h_name)
                add_named(a, DNS_PTR, (const uint8_t *)"", 0, host->h_name);
        ares_free_hostent(host);
}

/* A record has several strings of up to 255 bytes; c-ares marks the first string of each record. */
static void fill_txt(const uint8_t *abuf, size_t alen, DnsAnswer *a)
{
        struct ares_txt_ext *list = NULL;
        uint8_t data[4096];
        size_t len = 0;
        if (ares_parse_txt_reply_ext(abuf, (int)alen, &list) != ARES_SUCCESS)
                return;
        for (struct ares_txt_ext *t = list; t && a->count < DNS_RECORDS_MAX; t = t->next) {
                if (t->length > 255 || len + t->length + 1 > sizeof(data))
                        break;
                data[len++] = (uint8_t)t->length;
                memcpy(data + len, t->txt, t->length);
                len += t->length;
                if (!t->next || t->next->record_start) {
                        dns_answer_record(a, DNS_TXT, OTHER_TTL, data, len, NULL);
                        len = 0;
                }
        }
        ares_free_data(list);
}

void dns_fill_answer(Dns *dns, const DnsQuestion *q, int status, const uint8_t *abuf, size_t alen,
                     DnsAnswer *a)
{
        dns_answer_begin(a, q,
                         status == ARES_SUCCESS || status == ARES_ENODATA ? DNS_NOERROR
                         : status == ARES_ENOTFOUND                       ? DNS_NXDOMAIN
                                                                          : DNS_SERVFAIL);
        if (status != ARES_SUCCESS || !abuf)
                return;
        switch (q->type) {
        case DNS_A:
        case DNS_AAAA:
                fill_addresses(dns, q, abuf, alen, a);
                break;
        case DNS_MX:
                fill_mx(abuf, alen, a);
                break;
        case DNS_SRV:
                fill_srv(abuf, alen, a);
                break;
        case DNS_PTR:
                fill_ptr(abuf, alen, a);
                break;
        case DNS_TXT:
                fill_txt(abuf, alen, a);
                break;
        default:
                break;
        }
}
