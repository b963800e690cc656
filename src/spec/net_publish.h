/* SPDX-License-Identifier: Apache-2.0 */
/* What Publish= says: a port of the host that leads to one of the sandbox. */
#pragma once

#include "spec/net_rule.h"

#define NET_PUBLISH_MAX 64
#define NET_LOOPBACK_PORTS_MAX 64

/** "[ADDRESS]:65535:65535/udp" */
#define NET_PUBLISH_TEXT_MAX (INET6_ADDRSTRLEN + 24)

/** A port of the host that leads to one of the sandbox. */
typedef struct NetPublish {
        NetAddress address; /* of the host */
        uint16_t host_port; /* 0: any */
        uint16_t port;      /* of the sandbox */
        uint16_t protocol;  /* NET_TCP, NET_UDP */
} NetPublish;

/**
 * net_publish_parse - read "[ADDRESS:]HOST:SANDBOX[/tcp|/udp]": IPv6 in brackets, by default 127.0.0.1 and
 * TCP, host port 0 for any that is free.
 *
 * Returns 0 or -EINVAL; @ret is untouched on failure.
 */
int net_publish_parse(const char *text, NetPublish *ret);

/** net_publish_print - in its one spelling, with address and protocol. Returns @out. */
char *net_publish_print(const NetPublish *publish, char *out, size_t room);
