/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Allow= and Deny= say: a name, a wildcard, an address or a network, with ports and protocols. Pure:
 * text in, a value out. The same spelling goes from the profile to the plan and to the net helper.
 */
#pragma once

#include "base/util.h"

#include <netinet/in.h>

/** RFC 1035 2.3.4: 253 characters without the dot of the root. */
#define NET_NAME_MAX 253
#define NET_LABEL_MAX 63

/** A rule's longest spelling: "*.NAME:65535-65535/udp". */
#define NET_RULE_TEXT_MAX (NET_NAME_MAX + 32)

/** An address of either family; bytes in network order, of AF_INET the first four, the others 0. */
typedef struct NetAddress {
        sa_family_t family; /* AF_INET, AF_INET6; AF_UNSPEC: none */
        uint8_t bytes[16];
} NetAddress;

typedef enum NetProtocol {
        NET_TCP = 1 << 0,
        NET_UDP = 1 << 1,
        NET_ICMP = 1 << 2, /* echo; never in a rule's text: a rule without ports and protocol has it */
} NetProtocol;

typedef enum NetRuleKind {
        NET_RULE_NAME,     /* exactly this name */
        NET_RULE_WILDCARD, /* any name below it, not itself */
        NET_RULE_NETWORK,  /* an address, or all with the same prefix */
} NetRuleKind;

typedef struct NetRule {
        NetRuleKind kind;
        char name[NET_NAME_MAX + 1]; /* lower case, no dot at the end; of "*.a.b": "a.b" */
        NetAddress address;          /* NETWORK: bits behind the prefix are 0 */
        unsigned prefix;             /* NETWORK: length in bits */
        uint16_t port_first;         /* 0 to 65535 when no port was said */
        uint16_t port_last;
        unsigned protocols; /* of NetProtocol */
} NetRule;

/**
 * net_rule_parse - read "host", "*.host", an address or a network ("10.0.0.0/8", "[2001:db8::/32]",
 * "2001:db8::1"), each with ":PORT[-PORT]" and "/tcp" or "/udp" behind it. IPv6 with a port is in brackets.
 *
 * Names are ASCII: letters, digits, "-" and "_" in labels of at most 63; an internationalised one is spelled
 * as it goes over the wire ("xn--..."). A dot at the end is dropped, capitals become small. What looks like
 * an address and is none ("1.2.3", "0x7f.1", "010.0.0.1") is refused: nobody else shall read it as one.
 *
 * @ret_why: on -EINVAL what is wrong, a constant text for the user; may be NULL.
 *
 * Returns 0 or -EINVAL; @ret is untouched on failure.
 */
int net_rule_parse(const char *text, NetRule *ret, const char **ret_why);

/** net_rule_print - the rule in its one spelling; @room of NET_RULE_TEXT_MAX holds every rule. Returns @out.
 */
char *net_rule_print(const NetRule *rule, char *out, size_t room);

/**
 * net_name_normalize - @name, of @len bytes, as a rule has it: lower case, no dot at the end.
 *
 * @out: of NET_NAME_MAX + 1 bytes.
 *
 * Returns 0; -EINVAL for what is no host name: empty, an empty label, a label over 63 or a name over 253
 * bytes, any byte but letters, digits, "-", "_" (a NUL too).
 */
int net_name_normalize(const char *name, size_t len, char *out);

/** net_rule_has_name - whether the rule names @name (normalized): the same labels, no more and no less. */
bool net_rule_has_name(const NetRule *rule, const char *name);

/** net_rule_has_address - whether a NETWORK rule's network holds @address. */
bool net_rule_has_address(const NetRule *rule, const NetAddress *address);

/** net_rule_has_port - whether the rule's ports and protocols hold these; of NET_ICMP there is no port. */
bool net_rule_has_port(const NetRule *rule, NetProtocol protocol, uint16_t port);

/** net_address_parse - a dotted quad or an IPv6 address as inet_pton(3) has it, no zone. 0 or -EINVAL. */
int net_address_parse(const char *text, NetAddress *ret);

/** net_address_print - as inet_ntop(3); @room of INET6_ADDRSTRLEN holds every address. Returns @out. */
char *net_address_print(const NetAddress *address, char *out, size_t room);

/** net_address_eq - the same family and bytes. */
bool net_address_eq(const NetAddress *a, const NetAddress *b);

/** net_address_in - whether @address is in the network @network/@prefix; of another family never. */
bool net_address_in(const NetAddress *address, const NetAddress *network, unsigned prefix);
