/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and prints the values of Allow= and Deny=. */
#include "spec/net_rule.h"

#include <arpa/inet.h>
#include <stdio.h>

#define PORT_MAX 65535

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static unsigned address_bits(const NetAddress *a)
{
        return a->family == AF_INET ? 32 : 128;
}

int net_address_parse(const char *text, NetAddress *ret)
{
        NetAddress a = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
        if (inet_pton(a.family, text, a.bytes) != 1)
                return -EINVAL;
        *ret = a;
        return 0;
}

char *net_address_print(const NetAddress *address, char *out, size_t room)
{
        out[0] = '\0';
        if (address->family == AF_INET || address->family == AF_INET6)
                (void)inet_ntop(address->family, address->bytes, out, (socklen_t)room);
        return out;
}

bool net_address_eq(const NetAddress *a, const NetAddress *b)
{
        return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool net_address_in(const NetAddress *address, const NetAddress *network, unsigned prefix)
{
        if (address->family != network->family || prefix > address_bits(address))
                return false;
        size_t whole = prefix / 8;
        if (memcmp(address->bytes, network->bytes, whole) != 0)
                return false;
        unsigned rest = prefix % 8;
        return rest == 0 || ((address->bytes[whole] ^ network->bytes[whole]) & (0xff00U >> rest) & 0xff) == 0;
}

/* Validates one label of @len bytes at @name, and appends it to @out in lower case. */
static bool take_label(const char *name, size_t len, char *out)
{
        if (len == 0 || len > NET_LABEL_MAX)
                return false;
        for (size_t i = 0; i < len; i++) {
                char c = name[i];
                if (c >= 'A' && c <= 'Z')
                        c = (char)(c - 'A' + 'a');
                if (!(c >= 'a' && c <= 'z') && !is_digit(c) && c != '-' && c != '_')
                        return false;
                out[i] = c;
        }
        return true;
}

int net_name_normalize(const char *name, size_t len, char *out)
{
        char copy[NET_NAME_MAX + 1];
        if (len > 0 && name[len - 1] == '.')
                len--;
        if (len == 0 || len > NET_NAME_MAX)
                return -EINVAL;
        for (size_t at = 0; at <= len;) {
                const char *dot = at < len ? memchr(name + at, '.', len - at) : NULL;
                size_t end = dot ? (size_t)(dot - name) : len;
                if (!take_label(name + at, end - at, copy + at))
                        return -EINVAL;
                copy[end] = '.';
                at = end + 1;
        }
        copy[len] = '\0';
        memcpy(out, copy, len + 1);
        return 0;
}

/* Whether inet_aton(3) or a browser could parse it as an IPv4 address: its last label is a number. */
static bool ends_in_number(const char *host)
{
        size_t len = strlen(host);
        if (len > 0 && host[len - 1] == '.')
                len--;
        size_t start = len;
        while (start > 0 && host[start - 1] != '.')
                start--;
        if (len - start >= 2 && host[start] == '0' && (host[start + 1] | 0x20) == 'x')
                return true;
        for (size_t i = start; i < len; i++)
                if (!is_digit(host[i]))
                        return false;
        return len > start;
}

/* Decimal, without sign, space or leading 0. */
static int parse_number(const char *text, size_t len, unsigned max, unsigned *ret)
{
        unsigned n = 0;
        if (len == 0 || len > 5 || (len > 1 && text[0] == '0'))
                return -EINVAL;
        for (size_t i = 0; i < len; i++) {
                if (!is_digit(text[i]))
                        return -EINVAL;
                n = n * 10 + (unsigned)(text[i] - '0');
        }
        if (n > max)
                return -EINVAL;
        *ret = n;
        return 0;
}

/* Parses ":PORT" or ":PORT-PORT", or nothing. */
static int parse_ports(const char *text, NetRule *rule)
{
        unsigned first, last;
        rule->port_last = PORT_MAX;
        if (*text == '\0')
                return 0;
        if (*text++ != ':')
                return -EINVAL;
        size_t len = strcspn(text, "-");
        if (parse_number(text, len, PORT_MAX, &first) < 0 || first == 0)
                return -EINVAL;
        last = first;
        if (text[len] == '-' && parse_number(text + len + 1, strlen(text + len + 1), PORT_MAX, &last) < 0)
                return -EINVAL;
        if (last < first)
                return -EINVAL;
        rule->port_first = (uint16_t)first;
        rule->port_last = (uint16_t)last;
        return 0;
}

static bool has_host_bits(const NetRule *rule)
{
        for (unsigned bit = rule->prefix; bit < address_bits(&rule->address); bit++)
                if (rule->address.bytes[bit / 8] & (0x80U >> (bit % 8)))
                        return true;
        return false;
}

/* Parses an address, or "ADDRESS/PREFIX"; changes @host. */
static const char *parse_network(char *host, NetRule *rule)
{
        char *slash = strchr(host, '/');
        if (slash)
                *slash++ = '\0';
        if (net_address_parse(host, &rule->address) < 0)
                return "invalid address: must be four decimal numbers, or IPv6, in brackets if a port "
                       "follows";
        rule->kind = NET_RULE_NETWORK;
        rule->prefix = address_bits(&rule->address);
        if (slash && parse_number(slash, strlen(slash), rule->prefix, &rule->prefix) < 0)
                return "the prefix length must be from 0 to 32, for IPv6 from 0 to 128";
        if (has_host_bits(rule))
                return "the address has bits after the prefix of the network; they must be 0";
        return NULL;
}

static const char *parse_name(const char *host, NetRule *rule)
{
        for (const char *p = host; *p; p++)
                if ((unsigned char)*p >= 0x80)
                        return "must be ASCII: write an internationalised name in its encoded form, xn--...";
        rule->kind = NET_RULE_NAME;
        if (str_eq(host, "*"))
                return "\"*\" alone is not a name; for the whole internet, use Mode=slirp without Allow=";
        if (str_starts(host, "*.")) {
                rule->kind = NET_RULE_WILDCARD;
                host += 2;
        }
        if (strchr(host, '*'))
                return "\"*\" must be the whole first label, as in *.example.org";
        if (net_name_normalize(host, strlen(host), rule->name) < 0)
                return "must be a name, *.NAME, an address or a network, optionally with :PORT[-PORT] and "
                       "/tcp or /udp";
        return NULL;
}

/* Splits the host from the rest; *@ret_rest is NULL if brackets are unclosed. Changes @text. */
static char *split_host(char *text, bool *ret_v6, const char **ret_rest)
{
        static const char none[] = "";
        char *colon = strchr(text, ':');
        *ret_v6 = true;
        *ret_rest = none;
        if (text[0] == '[') {
                char *end = strchr(text, ']');
                if (!end)
                        *ret_rest = NULL;
                else
                        *ret_rest = end + 1;
                if (end)
                        *end = '\0';
                return text + 1;
        }
        if (colon && strchr(colon + 1, ':'))
                return text;
        *ret_v6 = false;
        if (colon)
                *ret_rest = colon;
        return text;
}

static const char *parse_rule(char *text, NetRule *rule)
{
        size_t len = strlen(text);
        bool v6;
        const char *rest, *why;
        rule->protocols = NET_TCP | NET_UDP;
        if (strstr(text, "://"))
                return "must be a host, not a URL: leave out the scheme and the path, as in example.org:443";
        if (len > 4 && (str_eq(text + len - 4, "/tcp") || str_eq(text + len - 4, "/udp"))) {
                rule->protocols = text[len - 3] == 't' ? NET_TCP : NET_UDP;
                text[len - 4] = '\0';
        }
        char *host = split_host(text, &v6, &rest);
        char first_of_rest = rest ? *rest : '\0';
        if (!rest || parse_ports(rest, rule) < 0)
                return "a port must be from 1 to 65535, or a range with \"-\"; IPv6 with a port must be in "
                       "brackets";
        if (first_of_rest == ':' && !v6)
                host[strcspn(host, ":")] = '\0';
        if (rule->port_first == 0 && rule->protocols == (NET_TCP | NET_UDP))
                rule->protocols |= NET_ICMP;
        why = v6 || strchr(host, '/') || ends_in_number(host) ? parse_network(host, rule)
                                                              : parse_name(host, rule);
        if (!why && v6 && rule->address.family != AF_INET6)
                return "only IPv6 addresses may be in brackets";
        return why;
}

int net_rule_parse(const char *text, NetRule *ret, const char **ret_why)
{
        NetRule rule = {0};
        char copy[NET_RULE_TEXT_MAX + 32];
        const char *why = "longer than the maximum length of a name";
        if (strlen(text) < sizeof(copy)) {
                memcpy(copy, text, strlen(text) + 1);
                why = parse_rule(copy, &rule);
        }
        if (why) {
                if (ret_why)
                        *ret_why = why;
                return -EINVAL;
        }
        *ret = rule;
        return 0;
}

char *net_rule_print(const NetRule *rule, char *out, size_t room)
{
        char address[INET6_ADDRSTRLEN], host[NET_NAME_MAX + 8], ports[16] = "";
        bool has_port = rule->port_first > 0;
        if (rule->kind == NET_RULE_NETWORK) {
                bool v6 = rule->address.family == AF_INET6,
                     whole = rule->prefix == address_bits(&rule->address);
                char prefix[8] = "";
                if (!whole)
                        (void)snprintf(prefix, sizeof(prefix), "/%u", rule->prefix);
                (void)snprintf(host, sizeof(host), "%s%s%s%s", v6 ? "[" : "",
                               net_address_print(&rule->address, address, sizeof(address)), prefix,
                               v6 ? "]" : "");
        } else {
                (void)snprintf(host, sizeof(host), "%s%s", rule->kind == NET_RULE_WILDCARD ? "*." : "",
                               rule->name);
        }
        if (has_port && rule->port_first == rule->port_last)
                (void)snprintf(ports, sizeof(ports), ":%u", rule->port_first);
        else if (has_port)
                (void)snprintf(ports, sizeof(ports), ":%u-%u", rule->port_first, rule->port_last);
        unsigned transport = rule->protocols & (NET_TCP | NET_UDP);
        (void)snprintf(out, room, "%s%s%s", host, ports,
                       transport == NET_TCP   ? "/tcp"
                       : transport == NET_UDP ? "/udp"
                                              : "");
        return out;
}

bool net_rule_has_name(const NetRule *rule, const char *name)
{
        if (rule->kind == NET_RULE_NAME)
                return str_eq(rule->name, name);
        if (rule->kind != NET_RULE_WILDCARD)
                return false;
        size_t len = strlen(name), end = strlen(rule->name);
        return len > end + 1 && name[len - end - 1] == '.' && str_eq(name + len - end, rule->name);
}

bool net_rule_has_address(const NetRule *rule, const NetAddress *address)
{
        return rule->kind == NET_RULE_NETWORK && net_address_in(address, &rule->address, rule->prefix);
}

bool net_rule_has_port(const NetRule *rule, NetProtocol protocol, uint16_t port)
{
        if (!(rule->protocols & protocol))
                return false;
        return protocol == NET_ICMP || (port >= rule->port_first && port <= rule->port_last);
}
