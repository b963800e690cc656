/* SPDX-License-Identifier: Apache-2.0 */
/* The value of Publish=: a port of the host that is forwarded to the sandbox. */
#pragma once

#include "spec/net_rule.h"

#define NET_PUBLISH_MAX 64
#define NET_LOOPBACK_PORTS_MAX 64

/** "[ADDRESS]:65535:65535/udp" */
#define NET_PUBLISH_TEXT_MAX (INET6_ADDRSTRLEN + 24)

/** A port of the host that is forwarded to a port of the sandbox. */
typedef struct NetPublish {
        NetAddress address; /* of the host */
        uint16_t host_port; /* 0: any */
        uint16_t port;      /* of the sandbox */
        uint16_t protocol;  /* NET_TCP, NET_UDP */
} NetPublish;

/**
 * net_publish_parse - parse "[ADDRESS:]HOST:SANDBOX[/tcp|/udp]": IPv6 in brackets, 127.0.0.1 and TCP by
 * default, host port 0 for any free port.
 *
 * Returns 0 or -EINVAL; @ret is untouched on failure.
 */
int net_publish_parse(const char *text, NetPublish *ret);

/** net_publish_print - write the normalized form with address and protocol. Returns @out. */
char *net_publish_print(const NetPublish *publish, char *out, size_t room);
