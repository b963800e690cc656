/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and prints the keys of [Network], and NetworkBandwidthMax= of [Resources]. */
#include "spec/keys_internal.h"
#include "spec/net_publish.h"
#include "spec/net_rule.h"
#include "spec/values.h"

#include <stdio.h>

_Static_assert(NET_RULE_TEXT_MAX <= KEY_ITEM_MAX && NET_PUBLISH_TEXT_MAX <= KEY_ITEM_MAX,
               "what is spelled has room");

static const char *spell_net_rule(const char *value, char *room, const char **ret_right)
{
        NetRule rule;
        return net_rule_parse(value, &rule, ret_right) < 0 ? NULL : net_rule_print(&rule, room, KEY_ITEM_MAX);
}

const KeyItem key_item_net_rule = {spell_net_rule};

static const char *spell_port(const char *value, char *room, const char **ret_right)
{
        uint64_t port;
        *ret_right = "must be a port from 1 to 65535";
        if (value_count(value, 65535, &port) < 0 || port == 0)
                return NULL;
        (void)snprintf(room, KEY_ITEM_MAX, "%u", (unsigned)port);
        return room;
}

const KeyItem key_item_port = {spell_port};

static const char *spell_publish(const char *value, char *room, const char **ret_right)
{
        NetPublish publish;
        *ret_right = "must be [ADDRESS:]HOSTPORT:PORT[/tcp|/udp], with an IPv6 address in brackets";
        return net_publish_parse(value, &publish) < 0 ? NULL
                                                      : net_publish_print(&publish, room, KEY_ITEM_MAX);
}

const KeyItem key_item_publish = {spell_publish};

static KEY_PARSE(parse_bandwidth)
{
        uint64_t rate = 0;
        bool up = !str_starts(value, "down "), down = !str_starts(value, "up ");
        const char *number = up && down ? value : strchr(value, ' ') + 1;
        if (value[0] != '\0' && !str_eq(number, "infinity") && (value_size(number, &rate) < 0 || rate == 0))
                return key_bad_value(key, value, ctx,
                                     "must be bytes per second (suffixes K, M, G, T) or infinity, with \"up "
                                     "\" or \"down \" in front for one direction",
                                     err);
        if (up)
                spec->net_rate_up = rate;
        if (down)
                spec->net_rate_down = rate;
        return 0;
}

static KEY_PRINT(print_bandwidth)
{
        (void)key;
        uint64_t up = spec->net_rate_up, down = spec->net_rate_down;
        int r = 0;
        if (up == down)
                return up ? strlist_add_printf(ret, "%llu", (unsigned long long)up) : 0;
        if (up)
                r = strlist_add_printf(ret, "up %llu", (unsigned long long)up);
        if (r == 0 && down)
                r = strlist_add_printf(ret, "down %llu", (unsigned long long)down);
        return r;
}

const KeyType key_type_bandwidth = {KEY_REPEATS, parse_bandwidth, print_bandwidth};
