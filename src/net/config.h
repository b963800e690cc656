/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of the net helper, read before its confinement: the supervisor writes it to a sealed
 * memfd. */
#pragma once

#include "base/error.h"
#include "spec/net_access.h"

typedef struct NetConfig {
        NetAccess access;
        char *upstreams; /* resolvers other than the host's; NULL: none */
} NetConfig;

void net_config_clear(NetConfig *c);

/** net_config_write - write the configuration to a new, sealed memfd. Returns 0 or -errno. */
int net_config_write(const NetConfig *c, int *ret_fd);

/** net_config_read - read a complete configuration. @ret: net_config_clear() frees it. Returns 0, -EBADMSG or
 * -errno. */
int net_config_read(int fd, NetConfig *ret);
