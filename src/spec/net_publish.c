/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and prints the values of Publish=. */
#include "spec/net_publish.h"

#include "spec/values.h"

#include <stdio.h>

#define PORT_MAX 65535

int net_publish_parse(const char *text, NetPublish *ret)
{
        NetPublish p = {.protocol = NET_TCP};
        char copy[NET_PUBLISH_TEXT_MAX];
        uint64_t host_port, port;
        const char *address = "127.0.0.1";
        if (strlen(text) >= sizeof(copy))
                return -EINVAL;
        memcpy(copy, text, strlen(text) + 1);
        char *slash = strchr(copy, '/');
        if (slash) {
                *slash++ = '\0';
                if (!str_eq(slash, "tcp") && !str_eq(slash, "udp"))
                        return -EINVAL;
                p.protocol = str_eq(slash, "udp") ? NET_UDP : NET_TCP;
        }
        char *last = strrchr(copy, ':'), *first = copy;
        if (!last || value_count(last + 1, PORT_MAX, &port) < 0 || port == 0)
                return -EINVAL;
        *last = '\0';
        char *colon = strrchr(copy, ':');
        if (colon) {
                first = colon + 1;
                *colon = '\0';
                address = copy;
                bool brackets = copy[0] == '[' && colon > copy + 1 && colon[-1] == ']';
                if (brackets) {
                        colon[-1] = '\0';
                        address++;
                }
                /* Brackets are required for IPv6 and only for IPv6. */
                if (brackets != (strchr(address, ':') != NULL))
                        return -EINVAL;
        }
        if (value_count(first, PORT_MAX, &host_port) < 0 || net_address_parse(address, &p.address) < 0)
                return -EINVAL;
        p.host_port = (uint16_t)host_port;
        p.port = (uint16_t)port;
        *ret = p;
        return 0;
}

char *net_publish_print(const NetPublish *publish, char *out, size_t room)
{
        char address[INET6_ADDRSTRLEN];
        bool v6 = publish->address.family == AF_INET6;
        (void)snprintf(out, room, "%s%s%s:%u:%u/%s", v6 ? "[" : "",
                       net_address_print(&publish->address, address, sizeof(address)), v6 ? "]" : "",
                       publish->host_port, publish->port, publish->protocol == NET_UDP ? "udp" : "tcp");
        return out;
}
