/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides which destinations a sandbox may reach: rules and learned names go in, a verdict and the deciding
 * rule come out. Pure: no I/O, no clock, no library. The frame filter, the resolver and the SNI check ask it;
 * none of them decides itself.
 *
 * The order of the checks; the first one that applies decides:
 *   1. the resolver's own address, port 53: POLICY_RESOLVE; a port of HostLoopback= at the gateway: allowed
 *   2. the rest of the sandbox's own network: refused; libslirp would turn it into the host's loopback
 *   3. Deny= of the address, or of a name from which it was learned: refused
 *   4. the built-in list (PolicyNever): refused, unless AllowPrivate= or an Allow= of addresses opens it
 *   5. no Allow= at all: allowed
 *   6. Allow= of the address, or of a name from which it was learned and that has not expired: allowed
 *   7. refused
 *
 * An Allow= of addresses opens a part of the built-in list only if it is completely inside one of its ranges:
 * "10.0.0.0/8" opens that range, "0.0.0.0/0" opens only the internet. An Allow= of exactly one address opens
 * an address of the host itself. Nothing opens loopback, "this network", multicast, broadcast and IPv4
 * written as IPv6 (::ffff:0:0/96, ::/96, ::ffff:0:0:0/96). IPv6 forms that a relay turns into IPv4 (NAT64,
 * 6to4, Teredo, ISATAP) are treated like the IPv4 address in them, for Deny= and for the list.
 *
 * With Allow=, other resolvers are closed: only a rule for exactly port 53 or 853 opens these ports.
 */
#pragma once

#include "spec/net_rule.h"

/** A learned name outlives its TTL by this time, because a program connects some time after its query. */
#define POLICY_GRACE_MS 60000
/** Maximum TTL, after which a name must be resolved again. */
#define POLICY_TTL_MAX_S 86400
/** Maximum number of learned addresses, and of names per address. */
#define POLICY_LEARNED_MAX 4096
#define POLICY_LEARNED_NAMES_MAX 8
#define POLICY_HOST_ADDRESSES_MAX 1024
#define POLICY_RULES_MAX 16384

typedef struct Policy Policy;

/** The parts of the built-in list. */
typedef enum PolicyNever {
        NEVER_NONE,
        NEVER_LOOPBACK,    /* 127/8, ::1 */
        NEVER_UNSPECIFIED, /* 0/8, :: */
        NEVER_LINK_LOCAL,  /* 169.254/16, fe80::/10 */
        NEVER_MULTICAST,   /* 224/4, ff00::/8 */
        NEVER_RESERVED,    /* 240/4 with the broadcast address, IPv4 written as IPv6 */
        NEVER_PRIVATE,     /* RFC 1918, 6598, 4193, site-local, 192.0.0/24, 198.18/15, 64:ff9b:1::/48 */
        NEVER_HOST,        /* the host's own addresses, as set last */
        NEVER_SANDBOX,     /* the sandbox's own network behind the tap */
} PolicyNever;

typedef enum PolicyAction {
        POLICY_REFUSE,
        POLICY_ALLOW,
        POLICY_RESOLVE, /* hand the datagram or stream to kurung's resolver */
} PolicyAction;

/** The step that decided. */
typedef enum PolicyWhy {
        WHY_NO_LIST,        /* allowed: there is no Allow= */
        WHY_RULE,           /* allowed or refused by @rule */
        WHY_HOST_LOOPBACK,  /* allowed: HostLoopback= has this port of the gateway */
        WHY_RESOLVER,       /* the sandbox's resolver */
        WHY_NEVER,          /* refused: @never */
        WHY_NOT_NAMED,      /* refused: no Allow= matches, or no name is known, or it has expired */
        WHY_OTHER_RESOLVER, /* refused: port 53 or 853 elsewhere, with a list */
        WHY_QUIC, /* refused: UDP 443 by a name without "/udp", because its SNI is not visible (CheckSNI=) */
        WHY_SNI,  /* refused: TLS with a name that is not allowed, or with none */
        WHY_BAD_NAME, /* refused: not a host name */
        WHY_UNASKED,  /* refused: no frame of the sandbox goes there */
} PolicyWhy;

typedef struct PolicyVerdict {
        PolicyAction action;
        PolicyWhy why;
        PolicyNever never; /* WHY_NEVER */
        int rule;          /* WHY_RULE: for policy_rule_text(); otherwise -1 */
        /* TCP: policy_check_sni() must check the client's first bytes before they are passed on. */
        bool check_sni;
        /* Refused, but an Allow= matches by an expired name: a flow that was allowed before may continue. */
        bool lapsed;
} PolicyVerdict;

/** A destination. */
typedef struct PolicyTarget {
        NetAddress address;
        NetProtocol protocol;
        uint16_t port; /* host byte order; NET_ICMP: 0 */
} PolicyTarget;

/** The special addresses of the sandbox's own network. An unsupported family is AF_UNSPEC. */
typedef struct PolicySite {
        NetAddress network[2]; /* [0] IPv4, [1] IPv6 */
        unsigned prefix[2];
        NetAddress gateway[2];
        NetAddress resolver[2];
} PolicySite;

/** policy_new - make a policy without rules: the whole internet except the built-in list. NULL: out of
 * memory. */
Policy *policy_new(const PolicySite *site);
void policy_free(Policy *p);

/**
 * policy_add_rule - add one Allow= (@deny false) or Deny= (@deny true). All rules must be added before the
 * first name is learned.
 *
 * Returns 0, -ENOMEM, -E2BIG (POLICY_RULES_MAX), -EBUSY (names were already learned).
 */
int policy_add_rule(Policy *p, const NetRule *rule, bool deny);

/** policy_set_list - set that there is a list, even without an Allow= (because all hosts of AllowFrom= were
 * ignored): then nothing can be reached. policy_add_rule() of an Allow= sets it, too. */
void policy_set_list(Policy *p);

void policy_set_allow_private(Policy *p, bool yes);
void policy_set_check_sni(Policy *p, bool yes);

/** policy_add_host_loopback - open one TCP and UDP port of the host's loopback at the gateway. Returns 0 or
 * -E2BIG. */
int policy_add_host_loopback(Policy *p, uint16_t port);

/**
 * policy_set_host_addresses - replace the host's own addresses: at the start, and after changes from
 * rtnetlink. Returns 0; -ENOMEM; -E2BIG: more than POLICY_HOST_ADDRESSES_MAX. After an error nothing changed,
 * and the caller must exit (fail closed).
 */
int policy_set_host_addresses(Policy *p, const NetAddress *addresses, size_t n);

/**
 * policy_check - make the verdict for one destination. Called for every new flow, not for every frame. An
 * allowed flow continues after its name expires, but must be checked again when the host's addresses change.
 *
 * @now_ms: milliseconds of a monotonic clock, never 0.
 */
void policy_check(const Policy *p, const PolicyTarget *to, uint64_t now_ms, PolicyVerdict *ret);

/**
 * policy_check_name - check whether a name may be resolved: WHY_RULE, WHY_NO_LIST, or the reason for the
 * refusal. A name that is denied or allowed only for some ports may be resolved.
 *
 * @name, @len: as in the query, not normalized, any bytes.
 */
void policy_check_name(const Policy *p, const char *name, size_t len, PolicyVerdict *ret);

/** policy_may_answer - return whether an address may be in an answer for @name (normalized): it must not be
 * in the built-in list, unless a rule opens it. Other addresses would rebind the name (attack 53). */
bool policy_may_answer(const Policy *p, const char *name, const NetAddress *address, PolicyVerdict *ret);

/**
 * policy_learn - keep @name (normalized) for @address until @ttl_s (clamped) and the grace have expired.
 * Names without a rule are stored, too, for policy_name_of(). When the table is full, the address that
 * expires first is evicted.
 *
 * Returns 0 or -ENOMEM.
 */
int policy_learn(Policy *p, const char *name, const NetAddress *address, uint32_t ttl_s, uint64_t now_ms);

/**
 * policy_check_sni - make the verdict for a TLS connection with the name @name to @to, whose verdict had
 * check_sni.
 *
 * @name, @len: of the ClientHello, any bytes; NULL: it has none.
 */
void policy_check_sni(const Policy *p, const PolicyTarget *to, const char *name, size_t len, uint64_t now_ms,
                      PolicyVerdict *ret);

/** policy_has_list - return whether there is an Allow=. */
bool policy_has_list(const Policy *p);

/** policy_name_of - return the name from which @address was learned last (even if it has expired), for
 * reports; NULL: none. Valid until the next policy_learn(). */
const char *policy_name_of(const Policy *p, const NetAddress *address);

/** policy_rule_text - write "Allow=..." or "Deny=..." of a verdict's rule to @out; "" for -1. Returns
 * @out. */
char *policy_rule_text(const Policy *p, int rule, char *out, size_t room);

/** policy_explain - write a verdict's reason for people to @out, without a final period: "no Allow= rule
 * matches", "Deny=*.evil.example", "a private address". @room: 64 more than NET_RULE_TEXT_MAX. Returns
 * @out. */
char *policy_explain(const Policy *p, const PolicyVerdict *verdict, char *out, size_t room);

/** policy_never_class - return the part of the built-in list that contains @address, ignoring the host's and
 * the sandbox's own addresses. For tests and the plan's checks. */
PolicyNever policy_never_class(const NetAddress *address);
