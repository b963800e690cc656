/* SPDX-License-Identifier: Apache-2.0 */
/* The destinations that a sandbox may reach through its network, and the rate: a part of the plan, and of the
 * net helper's configuration. */
#pragma once

#include "base/strlist.h"
#include "spec/net_publish.h"

typedef struct NetAccess {
        StrList allow, deny; /* as net_rule_print() formats them, including the rules of AllowFrom= */
        bool has_list;       /* allow only the rules in "allow", even if there are none */
        bool allow_private;
        bool check_sni;
        uint16_t loopback_ports[NET_LOOPBACK_PORTS_MAX];
        size_t n_loopback_ports;
        NetPublish publish[NET_PUBLISH_MAX];
        size_t n_publish;
        uint64_t rate_up, rate_down; /* bytes per second; 0: no limit */
} NetAccess;

/** net_access_has_tcp - return whether a TCP port is published. */
static inline bool net_access_has_tcp(const NetAccess *access)
{
        for (size_t i = 0; i < access->n_publish; i++)
                if (access->publish[i].protocol == NET_TCP)
                        return true;
        return false;
}

/** net_access_clear - free the memory of @access. */
static inline void net_access_clear(NetAccess *access)
{
        strlist_clear(&access->allow);
        strlist_clear(&access->deny);
        *access = (NetAccess){0};
}
