/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of Allow= and Deny=: a name, a wildcard, an address or a network, with ports and protocols. The
 * functions have no side effects. The profile, the plan and the net helper use the same syntax.
 */
#pragma once

#include "base/util.h"

#include <netinet/in.h>

/** RFC 1035 2.3.4: 253 characters without the dot of the root. */
#define NET_NAME_MAX 253
#define NET_LABEL_MAX 63

/** The maximum length of a rule: "*.NAME:65535-65535/udp". */
#define NET_RULE_TEXT_MAX (NET_NAME_MAX + 32)

/** An address of either family, in network byte order; for AF_INET the first four bytes, the others are 0. */
typedef struct NetAddress {
        sa_family_t family; /* AF_INET, AF_INET6; AF_UNSPEC: none */
        uint8_t bytes[16];
} NetAddress;

typedef enum NetProtocol {
        NET_TCP = 1 << 0,
        NET_UDP = 1 << 1,
        NET_ICMP = 1 << 2, /* echo; implied by a rule without ports and protocol, never in its text */
} NetProtocol;

typedef enum NetRuleKind {
        NET_RULE_NAME,     /* exactly this name */
        NET_RULE_WILDCARD, /* any name below it, but not itself */
        NET_RULE_NETWORK,  /* an address, or all with the same prefix */
} NetRuleKind;

typedef struct NetRule {
        NetRuleKind kind;
        char name[NET_NAME_MAX + 1]; /* lower case, no final dot; for "*.a.b": "a.b" */
        NetAddress address;          /* NETWORK: bits after the prefix are 0 */
        unsigned prefix;             /* NETWORK: length in bits */
        uint16_t port_first;         /* 0 to 65535 without a port */
        uint16_t port_last;
        unsigned protocols; /* of NetProtocol */
} NetRule;

/**
 * net_rule_parse - parse "host", "*.host", an address or a network ("10.0.0.0/8", "[2001:db8::/32]",
 * "2001:db8::1"), each optionally followed by ":PORT[-PORT]" and "/tcp" or "/udp". IPv6 with a port must be
 * in brackets.
 *
 * Names are ASCII: letters, digits, "-" and "_" in labels of at most 63; an internationalised name must be in
 * its encoded form ("xn--..."). A final dot is dropped, and letters become lower case. Text that resembles an
 * address but is not one ("1.2.3", "0x7f.1", "010.0.0.1") is refused, because other programs may parse it as
 * an address.
 *
 * @ret_why: on -EINVAL, a constant text for the user; may be NULL.
 *
 * Returns 0 or -EINVAL; @ret is untouched on failure.
 */
int net_rule_parse(const char *text, NetRule *ret, const char **ret_why);

/** net_rule_print - write the normalized form of the rule; NET_RULE_TEXT_MAX bytes suffice for every rule.
 * Returns @out. */
char *net_rule_print(const NetRule *rule, char *out, size_t room);

/**
 * net_name_normalize - normalize @name, of @len bytes: lower case, no final dot.
 *
 * @out: of NET_NAME_MAX + 1 bytes.
 *
 * Returns 0; -EINVAL if it is not a host name: empty, an empty label, a label over 63 or a name over 253
 * bytes, any byte other than letters, digits, "-" and "_" (including NUL).
 */
int net_name_normalize(const char *name, size_t len, char *out);

/** net_rule_has_name - return whether the rule matches @name (normalized), label by label. */
bool net_rule_has_name(const NetRule *rule, const char *name);

/** net_rule_has_address - return whether the network of a NETWORK rule contains @address. */
bool net_rule_has_address(const NetRule *rule, const NetAddress *address);

/** net_rule_has_port - return whether the rule's ports and protocols include these; NET_ICMP has no port. */
bool net_rule_has_port(const NetRule *rule, NetProtocol protocol, uint16_t port);

/** net_address_parse - parse a dotted quad or an IPv6 address like inet_pton(3), without a zone. Returns 0 or
 * -EINVAL. */
int net_address_parse(const char *text, NetAddress *ret);

/** net_address_print - format an address like inet_ntop(3); INET6_ADDRSTRLEN bytes suffice. Returns @out. */
char *net_address_print(const NetAddress *address, char *out, size_t room);

/** net_address_eq - return whether family and bytes are equal. */
bool net_address_eq(const NetAddress *a, const NetAddress *b);

/** net_address_in - return whether @address is in the network @network/@prefix, which has the same family. */
bool net_address_in(const NetAddress *address, const NetAddress *network, unsigned prefix);
