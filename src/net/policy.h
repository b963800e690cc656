/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a sandbox may go: rules and what was learnt of names in, a verdict and the rule that decided out.
 * Pure: no I/O, no clock, no library. The frame filter, the resolver and the SNI check ask it; none decides
 * itself.
 *
 * The order, of which the first that applies decides:
 *   1. the resolver's own address, port 53: POLICY_RESOLVER; a port of HostLoopback= at the gateway: allowed
 *   2. the rest of the sandbox's own network: refused, as libslirp would make the host's loopback of it
 *   3. Deny=, of the address or of a name that it was learnt by: refused
 *   4. the built-in list (PolicyNever): refused, unless AllowPrivate= or an Allow= of addresses opens it
 *   5. no Allow= at all: allowed
 *   6. Allow= of the address, or of a name that the address was learnt by and whose pin is not over: allowed
 *   7. refused
 *
 * An Allow= of addresses opens a part of the built-in list only when it lies wholly within one of its ranges:
 * "10.0.0.0/8" opens that, "0.0.0.0/0" is the internet and no more. The host's own addresses are opened by an
 * Allow= of just that one address. Loopback, "this network", multicast, broadcast and IPv4 spelled as IPv6
 * (::ffff:0:0/96, ::/96, ::ffff:0:0:0/96) are opened by nothing. IPv6 forms that a relay turns into IPv4
 * (NAT64, 6to4, Teredo, ISATAP) are what the IPv4 address in them is, for Deny= and for the list.
 *
 * With Allow= other resolvers are closed: ports 53 and 853 are open only to a rule of just that port.
 */
#pragma once

#include "spec/net_rule.h"

/** A pin outlives its TTL by this: a program connects some time after it asked. */
#define POLICY_GRACE_MS 60000
/** TTLs are clamped to this: what is pinned for longer is asked for again. */
#define POLICY_TTL_MAX_S 86400
/** Addresses that may be pinned at a time, and names of one address. */
#define POLICY_PINS_MAX 4096
#define POLICY_PIN_NAMES_MAX 8
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
        NEVER_RESERVED,    /* 240/4 with the broadcast address, IPv4 spelled as IPv6 */
        NEVER_PRIVATE,     /* RFC 1918, 6598, 4193, site-local, 192.0.0/24, 198.18/15, 64:ff9b:1::/48 */
        NEVER_HOST,        /* the host's own addresses, as last set */
        NEVER_SANDBOX,     /* the sandbox's own network behind the tap */
} PolicyNever;

typedef enum PolicyAction {
        POLICY_REFUSE,
        POLICY_ALLOW,
        POLICY_RESOLVE, /* ours: hand the datagram or stream to the resolver */
} PolicyAction;

/** Why: which step decided. */
typedef enum PolicyWhy {
        WHY_NO_LIST,        /* allowed: there is no Allow= */
        WHY_RULE,           /* allowed or refused by @rule */
        WHY_HOST_LOOPBACK,  /* allowed: HostLoopback= has this port of the gateway */
        WHY_RESOLVER,       /* the sandbox's resolver */
        WHY_NEVER,          /* refused: @never */
        WHY_NOT_NAMED,      /* refused: no Allow= names it, or not learnt by name, or its pin is over */
        WHY_OTHER_RESOLVER, /* refused: 53 or 853 somewhere else, and there is a list */
        WHY_QUIC,     /* refused: UDP 443 by a name without "/udp", as its SNI can't be seen (CheckSNI=) */
        WHY_SNI,      /* refused: TLS for a name that is not allowed, or for none */
        WHY_BAD_NAME, /* refused: not a host name */
        WHY_UNASKED,  /* refused: no frame of the sandbox goes there */
} PolicyWhy;

typedef struct PolicyVerdict {
        PolicyAction action;
        PolicyWhy why;
        PolicyNever never; /* WHY_NEVER */
        int rule;          /* WHY_RULE: for policy_rule_text(); else -1 */
        /* TCP: what the client says first has to be looked at before it is passed on, policy_check_sni(). */
        bool check_sni;
        /* Refused, and an Allow= names it by a pin that is over: a flow that was allowed before may go on. */
        bool lapsed;
} PolicyVerdict;

/** Where somebody wants to go. */
typedef struct PolicyTarget {
        NetAddress address;
        NetProtocol protocol;
        uint16_t port; /* host order; of NET_ICMP 0 */
} PolicyTarget;

/** The sandbox's own network: what is special there. A family that is not served is AF_UNSPEC. */
typedef struct PolicySite {
        NetAddress network[2]; /* [0] IPv4, [1] IPv6 */
        unsigned prefix[2];
        NetAddress gateway[2];
        NetAddress resolver[2];
} PolicySite;

/** policy_new - a policy without rules: the whole internet but the built-in list. NULL: out of memory. */
Policy *policy_new(const PolicySite *site);
void policy_free(Policy *p);

/**
 * policy_add_rule - add one Allow= (@deny false) or Deny= (@deny true). All rules come before the first name
 * is learnt.
 *
 * Returns 0, -ENOMEM, -E2BIG (POLICY_RULES_MAX), -EBUSY (names were learnt already).
 */
int policy_add_rule(Policy *p, const NetRule *rule, bool deny);

/** policy_set_list - there is a list even when no Allow= was added (all that AllowFrom= named was left out):
 * nothing may be reached then. policy_add_rule() of an Allow= sets it, too. */
void policy_set_list(Policy *p);

void policy_set_allow_private(Policy *p, bool yes);
void policy_set_check_sni(Policy *p, bool yes);

/** policy_add_host_loopback - open one TCP and UDP port of the host's loopback at the gateway. 0 or -E2BIG.
 */
int policy_add_host_loopback(Policy *p, uint16_t port);

/**
 * policy_set_host_addresses - replace what the host's own addresses are: at start, and whenever rtnetlink
 * says so. Returns 0; -E2BIG: over POLICY_HOST_ADDRESSES_MAX, nothing was changed: the caller ends (fail
 * closed).
 */
int policy_set_host_addresses(Policy *p, const NetAddress *addresses, size_t n);

/**
 * policy_check - the verdict for one destination. To be asked for every new flow, not for every frame; a flow
 * that was allowed goes on when its pin is over, and has to be asked for again when the host's addresses
 * change.
 *
 * @now_ms: a monotonic clock's milliseconds, never 0.
 */
void policy_check(const Policy *p, const PolicyTarget *to, uint64_t now_ms, PolicyVerdict *ret);

/**
 * policy_check_name - whether a name may be looked up: WHY_RULE, WHY_NO_LIST, or why it is refused. A name
 * that is denied or allowed with some ports only may be looked up.
 *
 * @name, @len: as it was asked for, not normalized, any bytes.
 */
void policy_check_name(const Policy *p, const char *name, size_t len, PolicyVerdict *ret);

/** policy_may_answer - whether an address may be in an answer for @name (normalized): not one of the built-in
 * list, unless that is opened for it. An answer with others would rebind the name (attack 53). */
bool policy_may_answer(const Policy *p, const char *name, const NetAddress *address, PolicyVerdict *ret);

/**
 * policy_learn - pin @address to @name (normalized) until @ttl_s, clamped, and the grace are over. What
 * no rule names is kept all the same, for policy_name_of(). When the table is full what would end first goes.
 *
 * Returns 0 or -ENOMEM.
 */
int policy_learn(Policy *p, const char *name, const NetAddress *address, uint32_t ttl_s, uint64_t now_ms);

/**
 * policy_check_sni - the verdict for a TLS connection to @to, whose verdict had check_sni, that names @name.
 *
 * @name, @len: the ClientHello's, any bytes; NULL: it has none.
 */
void policy_check_sni(const Policy *p, const PolicyTarget *to, const char *name, size_t len, uint64_t now_ms,
                      PolicyVerdict *ret);

/** policy_has_list - whether there is an Allow=. */
bool policy_has_list(const Policy *p);

/** policy_name_of - the name by which @address was learnt last (also when its pin is over), for reports;
 * NULL: none. Valid until the next policy_learn(). */
const char *policy_name_of(const Policy *p, const NetAddress *address);

/** policy_rule_text - "Allow=..." or "Deny=..." of a verdict's rule, in @out. Returns @out; "" for -1. */
char *policy_rule_text(const Policy *p, int rule, char *out, size_t room);

/** policy_explain - a verdict's reason for people, without a dot: "no Allow= names it",
 * "Deny=*.evil.example", "a private address". @room: 64 more than NET_RULE_TEXT_MAX. Returns @out. */
char *policy_explain(const Policy *p, const PolicyVerdict *verdict, char *out, size_t room);

/** policy_never_class - the part of the built-in list that holds @address, without the host's own and the
 * sandbox's. For tests and the plan's checks. */
PolicyNever policy_never_class(const NetAddress *address);
