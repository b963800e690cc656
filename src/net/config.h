/* SPDX-License-Identifier: Apache-2.0 */
/* What the net helper is told before it locks itself down: written by the supervisor into one sealed memfd.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "spec/net_publish.h"

typedef struct NetConfig {
        StrList allow, deny; /* as net_rule_print() spells them */
        bool has_list;       /* only what "allow" names, even if that is nothing */
        bool allow_private;
        bool check_sni;
        uint16_t loopback_ports[NET_LOOPBACK_PORTS_MAX];
        size_t n_loopback_ports;
        NetPublish publish[NET_PUBLISH_MAX];
        size_t n_publish;
        uint64_t rate_up, rate_down; /* bytes a second, 0: no limit */
        char *hostname;              /* the sandbox's, or NULL */
        char *upstreams;             /* resolvers other than the host's, or NULL */
} NetConfig;

void net_config_clear(NetConfig *c);

/** net_config_write - into a new memfd, sealed. 0 or -errno. */
int net_config_write(const NetConfig *c, int *ret_fd);

/** net_config_read - the whole of it, or -EBADMSG, -errno. @ret: net_config_clear() frees it. */
int net_config_read(int fd, NetConfig *ret);
