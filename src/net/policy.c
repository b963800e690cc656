/* SPDX-License-Identifier: Apache-2.0 */
/* Decides whether a destination may be reached. */
#include "net/policy.h"

#include "net/policy_internal.h"

#include <stdio.h>

#define HOST_LOOPBACK_MAX 64
#define PORT_DNS 53
#define PORT_DNS_TLS 853
#define PORT_HTTPS 443

struct Policy {
        PolicySite site;
        bool list, allow_private, check_sni;
        bool deny_names; /* a Deny= has a name */
        PolicyRule *rules;
        size_t n, room;
        uint32_t
                *buckets; /* of names and wildcards by the hash of their name; room of them, a power of two */
        uint32_t networks; /* the first NETWORK rule, linked by next */
        uint16_t host_loopback[HOST_LOOPBACK_MAX];
        size_t n_host_loopback;
        NetAddress *host; /* sorted */
        size_t n_host;
        LearnedTable learned;
};

Policy *policy_new(const PolicySite *site)
{
        Policy *p = calloc(1, sizeof(*p));
        if (!p)
                return NULL;
        p->site = *site;
        p->networks = NO_RULE;
        learned_init(&p->learned);
        return p;
}

void policy_free(Policy *p)
{
        if (!p)
                return;
        learned_clear(&p->learned);
        free(p->rules);
        free(p->buckets);
        free(p->host);
        free(p);
}

static uint32_t hash_name(const char *name)
{
        uint32_t hash = 2166136261U;
        for (; *name; name++)
                hash = (hash ^ (unsigned char)*name) * 16777619U;
        return hash ^ (hash >> 16);
}

static void link_rule(Policy *p, uint32_t index)
{
        PolicyRule *r = &p->rules[index];
        uint32_t *link = r->rule.kind == NET_RULE_NETWORK
                                 ? &p->networks
                                 : &p->buckets[hash_name(r->rule.name) & (p->room - 1)];
        r->next = NO_RULE;
        /* Added at the end, because the first of several rules decides. */
        while (*link != NO_RULE)
                link = &p->rules[*link].next;
        *link = index;
}

static int grow_rules(Policy *p)
{
        size_t room = p->room == 0 ? 16 : 2 * p->room;
        PolicyRule *rules = reallocarray(p->rules, room, sizeof(*rules));
        if (!rules)
                return -ENOMEM;
        p->rules = rules;
        uint32_t *buckets = reallocarray(p->buckets, room, sizeof(*buckets));
        if (!buckets)
                return -ENOMEM;
        p->buckets = buckets;
        p->room = room;
        p->networks = NO_RULE;
        for (size_t i = 0; i < room; i++)
                buckets[i] = NO_RULE;
        for (uint32_t i = 0; i < p->n; i++)
                link_rule(p, i);
        return 0;
}

int policy_add_rule(Policy *p, const NetRule *rule, bool deny)
{
        if (p->learned.n > 0)
                return -EBUSY;
        if (p->n == POLICY_RULES_MAX)
                return -E2BIG;
        if (p->n == p->room && grow_rules(p) < 0)
                return -ENOMEM;
        p->rules[p->n] = (PolicyRule){.rule = *rule, .deny = deny};
        link_rule(p, (uint32_t)p->n++);
        p->list |= !deny;
        p->deny_names |= deny && rule->kind != NET_RULE_NETWORK;
        return 0;
}

void policy_set_list(Policy *p)
{
        p->list = true;
}

void policy_set_allow_private(Policy *p, bool yes)
{
        p->allow_private = yes;
}

void policy_set_check_sni(Policy *p, bool yes)
{
        p->check_sni = yes;
}

int policy_add_host_loopback(Policy *p, uint16_t port)
{
        if (p->n_host_loopback == HOST_LOOPBACK_MAX)
                return -E2BIG;
        p->host_loopback[p->n_host_loopback++] = port;
        return 0;
}

static int compare_addresses(const void *a, const void *b)
{
        const NetAddress *x = a, *y = b;
        if (x->family != y->family)
                return x->family < y->family ? -1 : 1;
        return memcmp(x->bytes, y->bytes, sizeof(x->bytes));
}

int policy_set_host_addresses(Policy *p, const NetAddress *addresses, size_t n)
{
        if (n > POLICY_HOST_ADDRESSES_MAX)
                return -E2BIG;
        NetAddress *copy = calloc(n + 1, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                copy[i] = addresses[i];
        qsort(copy, n, sizeof(*copy), compare_addresses);
        free(p->host);
        p->host = copy;
        p->n_host = n;
        return 0;
}

static bool is_host_address(const Policy *p, const NetAddress *address)
{
        return p->n_host > 0 && bsearch(address, p->host, p->n_host, sizeof(*p->host), compare_addresses);
}

/* The criteria for finding a rule. */
typedef struct Wanted {
        bool deny;
        bool any_port; /* ignore ports and protocols */
        bool own_port; /* the rule must be for exactly this port */
        NetProtocol protocol;
        uint16_t port;
} Wanted;

static bool fits(const PolicyRule *r, const Wanted *w)
{
        if (r->deny != w->deny)
                return false;
        if (w->any_port)
                return true;
        if (w->own_port && (r->rule.port_first != w->port || r->rule.port_last != w->port))
                return false;
        return net_rule_has_port(&r->rule, w->protocol, w->port);
}

static uint32_t find_in_bucket(const Policy *p, NetRuleKind kind, const char *name, const Wanted *w)
{
        uint32_t i = p->n > 0 ? p->buckets[hash_name(name) & (p->room - 1)] : NO_RULE;
        for (; i != NO_RULE; i = p->rules[i].next)
                if (p->rules[i].rule.kind == kind && str_eq(p->rules[i].rule.name, name) &&
                    fits(&p->rules[i], w))
                        return i;
        return NO_RULE;
}

/* Finds the rule for @name (normalized): first for the name itself, then wildcards, the longest first. */
static uint32_t find_name(const Policy *p, const char *name, const Wanted *w)
{
        uint32_t found = find_in_bucket(p, NET_RULE_NAME, name, w);
        for (const char *dot = strchr(name, '.'); found == NO_RULE && dot; dot = strchr(dot + 1, '.'))
                found = find_in_bucket(p, NET_RULE_WILDCARD, dot + 1, w);
        return found;
}

static uint32_t find_network(const Policy *p, const NetAddress *address, const Wanted *w)
{
        for (uint32_t i = p->networks; i != NO_RULE; i = p->rules[i].next)
                if (fits(&p->rules[i], w) && net_rule_has_address(&p->rules[i].rule, address))
                        return i;
        return NO_RULE;
}

/* Finds a rule by a name of the address; after it has expired at @now_ms, a name counts for Deny=
 * only. */
static uint32_t find_learned(const Policy *p, const NetAddress *address, uint64_t now_ms, const Wanted *w)
{
        const Learned *learned = p->n > 0 ? learned_find(&p->learned, address) : NULL;
        for (size_t i = 0; learned && i < learned->n; i++) {
                uint32_t found = w->deny || learned->names[i].until_ms >= now_ms
                                         ? find_name(p, learned->names[i].name, w)
                                         : NO_RULE;
                if (found != NO_RULE)
                        return found;
        }
        return NO_RULE;
}

static void set(PolicyVerdict *v, PolicyAction action, PolicyWhy why, uint32_t rule)
{
        *v = (PolicyVerdict){.action = action, .why = why, .rule = rule == NO_RULE ? -1 : (int)rule};
}

static void set_never(PolicyVerdict *v, PolicyNever never)
{
        set(v, POLICY_REFUSE, WHY_NEVER, NO_RULE);
        v->never = never;
}

/* Steps 1 and 2: the sandbox's own network. */
static bool check_site(const Policy *p, const PolicyTarget *to, PolicyVerdict *v)
{
        int i = to->address.family == AF_INET6;
        bool tcp_or_udp = to->protocol == NET_TCP || to->protocol == NET_UDP;
        bool gateway = net_address_eq(&to->address, &p->site.gateway[i]);
        if (net_address_eq(&to->address, &p->site.resolver[i]) && tcp_or_udp && to->port == PORT_DNS) {
                set(v, POLICY_RESOLVE, WHY_RESOLVER, NO_RULE);
                return true;
        }
        for (size_t k = 0; gateway && tcp_or_udp && k < p->n_host_loopback; k++) {
                if (p->host_loopback[k] != to->port)
                        continue;
                set(v, POLICY_ALLOW, WHY_HOST_LOOPBACK, NO_RULE);
                return true;
        }
        if (!gateway && !net_address_eq(&to->address, &p->site.resolver[i]) &&
            !net_address_in(&to->address, &p->site.network[i], p->site.prefix[i]))
                return false;
        set_never(v, NEVER_SANDBOX);
        return true;
}

/* Returns whether a matching Allow= of addresses opens this part of the built-in list. */
static bool is_opened(const Policy *p, const NetAddress *address, const NeverRange *range, const Wanted *w)
{
        for (uint32_t i = p->networks; i != NO_RULE; i = p->rules[i].next) {
                const NetRule *r = &p->rules[i].rule;
                bool one = r->prefix == (r->address.family == AF_INET ? 32U : 128U);
                bool within = range ? r->prefix >= range->prefix : one;
                if (within && fits(&p->rules[i], w) && net_rule_has_address(r, address))
                        return true;
        }
        return false;
}

/* Step 4: returns the part of the built-in list that closes @address, or NEVER_NONE. */
static PolicyNever closed_part(const Policy *p, const NetAddress *address, const Wanted *w)
{
        NetAddress inner[2];
        size_t n = never_inner(address, inner);
        for (size_t i = 0; i < n; i++) {
                const NeverRange *in = never_range(&inner[i]);
                if (in && !(in->what == NEVER_PRIVATE && p->allow_private))
                        return in->what;
                if (is_host_address(p, &inner[i]))
                        return NEVER_HOST;
        }
        const NeverRange *range = never_range(address);
        if (range && range->what != NEVER_PRIVATE && range->what != NEVER_LINK_LOCAL)
                return range->what;
        if (is_host_address(p, address))
                return is_opened(p, address, NULL, w) ? NEVER_NONE : NEVER_HOST;
        if (!range || (range->what == NEVER_PRIVATE && p->allow_private) || is_opened(p, address, range, w))
                return NEVER_NONE;
        return range->what;
}

static uint32_t find_denied(const Policy *p, const PolicyTarget *to, uint64_t now_ms, Wanted *w)
{
        NetAddress inner[2];
        size_t n = never_inner(&to->address, inner);
        w->deny = true;
        uint32_t rule = find_network(p, &to->address, w);
        for (size_t i = 0; rule == NO_RULE && i < n; i++)
                rule = find_network(p, &inner[i], w);
        if (rule == NO_RULE)
                rule = find_learned(p, &to->address, now_ms, w);
        w->deny = false;
        return rule;
}

/* Returns whether this is QUIC, which CheckSNI= cannot inspect, and which @rule does not open as UDP. */
static bool hides_its_name(const Policy *p, const PolicyTarget *to, uint32_t rule)
{
        return p->check_sni && to->protocol == NET_UDP && to->port == PORT_HTTPS &&
               p->rules[rule].rule.protocols != NET_UDP;
}

/* Steps 6 and 7: with a list. */
static void check_list(const Policy *p, const PolicyTarget *to, uint64_t now_ms, Wanted *w,
                       PolicyVerdict *ret)
{
        w->own_port = to->port == PORT_DNS || to->port == PORT_DNS_TLS;
        uint32_t rule = find_network(p, &to->address, w);
        if (rule != NO_RULE) {
                set(ret, POLICY_ALLOW, WHY_RULE, rule);
                return;
        }
        rule = find_learned(p, &to->address, now_ms, w);
        if (rule == NO_RULE) {
                set(ret, POLICY_REFUSE, w->own_port ? WHY_OTHER_RESOLVER : WHY_NOT_NAMED, NO_RULE);
                rule = find_learned(p, &to->address, 0, w);
                ret->lapsed = rule != NO_RULE && !hides_its_name(p, to, rule);
        } else if (hides_its_name(p, to, rule))
                set(ret, POLICY_REFUSE, WHY_QUIC, NO_RULE);
        else {
                set(ret, POLICY_ALLOW, WHY_RULE, rule);
                ret->check_sni = p->check_sni && to->protocol == NET_TCP;
        }
}

void policy_check(const Policy *p, const PolicyTarget *to, uint64_t now_ms, PolicyVerdict *ret)
{
        Wanted w = {.protocol = to->protocol, .port = to->port};
        if (check_site(p, to, ret))
                return;
        uint32_t denied = find_denied(p, to, now_ms, &w);
        if (denied != NO_RULE) {
                set(ret, POLICY_REFUSE, WHY_RULE, denied);
                return;
        }
        PolicyNever never = closed_part(p, &to->address, &w);
        if (never != NEVER_NONE) {
                set_never(ret, never);
        } else if (!p->list) {
                set(ret, POLICY_ALLOW, WHY_NO_LIST, NO_RULE);
                ret->check_sni = p->check_sni && p->deny_names && to->protocol == NET_TCP;
        } else {
                check_list(p, to, now_ms, &w, ret);
        }
}

/* Returns whether a Deny= without ports and protocol matches. */
static bool denies_all(const Policy *p, const char *name, uint32_t *ret)
{
        const Wanted icmp = {.deny = true, .protocol = NET_ICMP};
        *ret = find_name(p, name, &icmp);
        return *ret != NO_RULE;
}

void policy_check_name(const Policy *p, const char *name, size_t len, PolicyVerdict *ret)
{
        char normal[NET_NAME_MAX + 1];
        const Wanted any = {.any_port = true};
        uint32_t rule;
        if (net_name_normalize(name, len, normal) < 0)
                set(ret, POLICY_REFUSE, WHY_BAD_NAME, NO_RULE);
        else if (denies_all(p, normal, &rule))
                set(ret, POLICY_REFUSE, WHY_RULE, rule);
        else if (!p->list)
                set(ret, POLICY_ALLOW, WHY_NO_LIST, NO_RULE);
        else if ((rule = find_name(p, normal, &any)) != NO_RULE)
                set(ret, POLICY_ALLOW, WHY_RULE, rule);
        else
                set(ret, POLICY_REFUSE, WHY_NOT_NAMED, NO_RULE);
}

bool policy_may_answer(const Policy *p, const char *name, const NetAddress *address, PolicyVerdict *ret)
{
        const Wanted any = {.any_port = true};
        int i = address->family == AF_INET6;
        policy_check_name(p, name, strlen(name), ret);
        if (ret->action == POLICY_REFUSE)
                return false;
        PolicyNever never = net_address_in(address, &p->site.network[i], p->site.prefix[i])
                                    ? NEVER_SANDBOX
                                    : closed_part(p, address, &any);
        if (never != NEVER_NONE)
                set_never(ret, never);
        return never == NEVER_NONE;
}

int policy_learn(Policy *p, const char *name, const NetAddress *address, uint32_t ttl_s, uint64_t now_ms)
{
        uint64_t ttl = ttl_s < POLICY_TTL_MAX_S ? ttl_s : POLICY_TTL_MAX_S;
        return learned_add(&p->learned, address, name, now_ms + ttl * 1000 + POLICY_GRACE_MS, now_ms);
}

void policy_check_sni(const Policy *p, const PolicyTarget *to, const char *name, size_t len, uint64_t now_ms,
                      PolicyVerdict *ret)
{
        char normal[NET_NAME_MAX + 1];
        Wanted w = {.deny = true, .protocol = to->protocol, .port = to->port};
        (void)now_ms;
        bool good = name && net_name_normalize(name, len, normal) == 0;
        uint32_t rule = good ? find_name(p, normal, &w) : NO_RULE;
        if (rule != NO_RULE) {
                set(ret, POLICY_REFUSE, WHY_RULE, rule);
                return;
        }
        if (!p->list) {
                /* Only Deny= has names: all other valid names are allowed. */
                set(ret, good || !name ? POLICY_ALLOW : POLICY_REFUSE, good || !name ? WHY_NO_LIST : WHY_SNI,
                    NO_RULE);
                return;
        }
        w.deny = false;
        rule = good ? find_name(p, normal, &w) : NO_RULE;
        set(ret, rule == NO_RULE ? POLICY_REFUSE : POLICY_ALLOW, rule == NO_RULE ? WHY_SNI : WHY_RULE, rule);
}

bool policy_has_list(const Policy *p)
{
        return p->list;
}

const char *policy_name_of(const Policy *p, const NetAddress *address)
{
        const Learned *learned = learned_find(&p->learned, address);
        const LearnedName *last = NULL;
        for (size_t i = 0; learned && i < learned->n; i++)
                if (!last || learned->names[i].serial > last->serial)
                        last = &learned->names[i];
        return last ? last->name : NULL;
}

char *policy_rule_text(const Policy *p, int rule, char *out, size_t room)
{
        char text[NET_RULE_TEXT_MAX];
        out[0] = '\0';
        if (rule >= 0 && (size_t)rule < p->n)
                (void)snprintf(out, room, "%s=%s", p->rules[rule].deny ? "Deny" : "Allow",
                               net_rule_print(&p->rules[rule].rule, text, sizeof(text)));
        return out;
}

char *policy_explain(const Policy *p, const PolicyVerdict *verdict, char *out, size_t room)
{
        static const char *const nevers[] = {
                [NEVER_NONE] = "",
                [NEVER_LOOPBACK] = "the host's loopback; HostLoopback= opens a port of it at the gateway",
                [NEVER_UNSPECIFIED] = "not an address of a host",
                [NEVER_LINK_LOCAL] = "a link-local address",
                [NEVER_MULTICAST] = "a multicast address",
                [NEVER_RESERVED] = "a reserved address",
                [NEVER_PRIVATE] =
                        "a private address; AllowPrivate=yes or an Allow= rule with addresses opens it",
                [NEVER_HOST] =
                        "an address of the host itself; an Allow= rule with exactly this address opens it",
                [NEVER_SANDBOX] = "an address of the sandbox's own network",
        };
        static const char *const whys[] = {
                [WHY_NO_LIST] = "there is no Allow=",
                [WHY_RULE] = "",
                [WHY_HOST_LOOPBACK] = "HostLoopback=",
                [WHY_RESOLVER] = "the sandbox's resolver",
                [WHY_NEVER] = "",
                [WHY_NOT_NAMED] = "no Allow= rule matches",
                [WHY_OTHER_RESOLVER] = "another resolver; the sandbox has its own",
                [WHY_QUIC] = "QUIC hides the name that CheckSNI= checks; \"/udp\" in Allow= opens it",
                [WHY_SNI] = "TLS for a name that no Allow= rule matches",
                [WHY_BAD_NAME] = "not a host name",
                [WHY_UNASKED] = "no frame of the sandbox goes there",
        };
        if (verdict->why == WHY_RULE)
                return policy_rule_text(p, verdict->rule, out, room);
        (void)snprintf(out, room, "%s",
                       verdict->why == WHY_NEVER ? nevers[verdict->never] : whys[verdict->why]);
        return out;
}
