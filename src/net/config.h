/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of the net helper, read before its confinement: the supervisor writes it to a sealed
 * memfd. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "spec/net_publish.h"

typedef struct NetConfig {
        StrList allow, deny; /* as net_rule_print() formats them */
        bool has_list;       /* allow only the rules in "allow", even if there are none */
        bool allow_private;
        bool check_sni;
        uint16_t loopback_ports[NET_LOOPBACK_PORTS_MAX];
        size_t n_loopback_ports;
        NetPublish publish[NET_PUBLISH_MAX];
        size_t n_publish;
        uint64_t rate_up, rate_down; /* bytes per second; 0: no limit */
        char *hostname;              /* of the sandbox; NULL: none */
        char *upstreams;             /* resolvers other than the host's; NULL: none */
} NetConfig;

void net_config_clear(NetConfig *c);

/** net_config_write - write the configuration to a new, sealed memfd. Returns 0 or -errno. */
int net_config_write(const NetConfig *c, int *ret_fd);

/** net_config_read - read a complete configuration. @ret: net_config_clear() frees it. Returns 0, -EBADMSG or
 * -errno. */
int net_config_read(int fd, NetConfig *ret);
