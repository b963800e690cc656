/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of [Network]. */
#include "spec/keys_internal.h"
#include "spec/net_publish.h"
#include "spec/values.h"

#include <stdio.h>

/* Each is kept in its one spelling, and once. */
static int add_once(StrList *list, const char *text, Error *err)
{
        return strlist_has(list, text) || strlist_add(list, text) == 0 ? 0 : error_no_memory(err);
}

KEY_PARSER(key_network_mode)
{
        int i = key_choose(key, value, ctx, err);
        if (i < 0)
                return i;
        spec->network = (NetworkMode)i;
        return 0;
}

KEY_PARSER(key_network_rule)
{
        NetRule rule;
        char text[NET_RULE_TEXT_MAX];
        const char *why = "";
        StrList *list = key->id == KEY_NETWORK_ALLOW ? &spec->net_allow : &spec->net_deny;
        if (value[0] == '\0') {
                strlist_clear(list);
                return 0;
        }
        if (net_rule_parse(value, &rule, &why) < 0)
                return key_bad_value(key, value, ctx, why, err);
        return add_once(list, net_rule_print(&rule, text, sizeof(text)), err);
}

KEY_PARSER(key_network_switch)
{
        bool yes;
        int r = key_boolean(key, value, ctx, &yes, err);
        if (r < 0)
                return r;
        if (key->id == KEY_NETWORK_ALLOW_PRIVATE)
                spec->net_allow_private = yes;
        else
                spec->net_check_sni = yes;
        return 0;
}

KEY_PARSER(key_network_allow_from)
{
        if (value[0] == '\0') {
                strlist_clear(&spec->net_allow_from);
                return 0;
        }
        int r = key_choose(key, value, ctx, err);
        return r < 0 ? r : add_once(&spec->net_allow_from, value, err);
}

KEY_PARSER(key_network_host_loopback)
{
        uint64_t port;
        if (value[0] == '\0') {
                strlist_clear(&spec->net_host_loopback);
                return 0;
        }
        if (value_count(value, 65535, &port) < 0 || port == 0)
                return key_bad_value(key, value, ctx, "must be a port, 1 to 65535", err);
        if (spec->net_host_loopback.n == NET_LOOPBACK_PORTS_MAX)
                return key_bad_value(key, value, ctx, "one of more than 64 ports", err);
        char text[8];
        (void)snprintf(text, sizeof(text), "%u", (unsigned)port);
        return add_once(&spec->net_host_loopback, text, err);
}

KEY_PARSER(key_network_publish)
{
        NetPublish publish;
        char text[NET_PUBLISH_TEXT_MAX];
        if (value[0] == '\0') {
                strlist_clear(&spec->net_publish);
                return 0;
        }
        if (net_publish_parse(value, &publish) < 0)
                return key_bad_value(key, value, ctx,
                                     "must be [ADDRESS:]HOSTPORT:PORT[/tcp|/udp], IPv6 in brackets", err);
        if (spec->net_publish.n == NET_PUBLISH_MAX)
                return key_bad_value(key, value, ctx, "one of more than 64 ports", err);
        return add_once(&spec->net_publish, net_publish_print(&publish, text, sizeof(text)), err);
}

KEY_PARSER(key_network_bandwidth)
{
        uint64_t rate = 0;
        bool up = !str_starts(value, "down "), down = !str_starts(value, "up ");
        const char *number = up && down ? value : strchr(value, ' ') + 1;
        if (value[0] != '\0' && !str_eq(number, "infinity") && (value_size(number, &rate) < 0 || rate == 0))
                return key_bad_value(
                        key, value, ctx,
                        "must be bytes per second (K, M, G, T) or infinity, with \"up \" or \"down \" in "
                        "front for one direction",
                        err);
        if (up)
                spec->net_rate_up = rate;
        if (down)
                spec->net_rate_down = rate;
        return 0;
}
