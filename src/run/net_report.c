/* SPDX-License-Identifier: Apache-2.0 */
/* Collects the attempts of the net helper. */
#include "run/net_report.h"

#include "base/json.h"

#include <stdio.h>

static const char *protocol_name(const NetAttempt *r)
{
        switch (r->protocol) {
        case NET_TCP:
                return "tcp";
        case NET_UDP:
                return "udp";
        case NET_ICMP:
                return "icmp";
        default:
                return "dns";
        }
}

char *net_report_target(const NetAttempt *r, char *out, size_t room)
{
        char address[INET6_ADDRSTRLEN + 2];
        const char *host = r->name;
        if (r->protocol == 0) {
                (void)snprintf(out, room, "name %s", r->name);
                return out;
        }
        if (!host[0]) {
                char plain[INET6_ADDRSTRLEN];
                (void)net_address_print(&r->address, plain, sizeof(plain));
                (void)snprintf(address, sizeof(address), r->address.family == AF_INET6 ? "[%s]" : "%s",
                               plain);
                host = address;
        }
        if (r->protocol == NET_ICMP)
                (void)snprintf(out, room, "%s/icmp", host);
        else
                (void)snprintf(out, room, "%s:%u%s", host, (unsigned)r->port,
                               r->protocol == NET_UDP ? "/udp" : "");
        return out;
}

static bool is_same_attempt(const NetAttempt *a, const NetAttempt *b)
{
        return a->port == b->port && a->protocol == b->protocol && a->allowed == b->allowed &&
               str_eq(a->name, b->name) && (a->name[0] || net_address_eq(&a->address, &b->address));
}

int net_report_take(NetReport *report, const NetAttempt *r)
{
        for (size_t i = 0; i < report->n_attempts; i++)
                if (is_same_attempt(&report->attempts[i], r)) {
                        report->attempts[i].count = r->count;
                        return 0;
                }
        if (report->n_attempts == NET_ATTEMPTS_MAX)
                return 0;
        NetAttempt *grown = reallocarray(report->attempts, report->n_attempts + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        report->attempts = grown;
        grown[report->n_attempts++] = *r;
        return 1;
}

static struct json_object *attempt_json(const NetAttempt *r)
{
        char address[INET6_ADDRSTRLEN];
        struct json_object *o = json_new_object();
        json_add_string(o, "name", r->name[0] ? r->name : NULL);
        json_add_string(o, "address",
                        r->address.family == AF_UNSPEC
                                ? NULL
                                : net_address_print(&r->address, address, sizeof(address)));
        json_add_int(o, "port", r->port);
        json_add_string(o, "protocol", protocol_name(r));
        json_add_bool(o, "allowed", r->allowed);
        json_add_string(o, "reason", r->reason);
        json_add_int(o, "count", (int64_t)r->count);
        return o;
}

struct json_object *net_report_json(const NetReport *report)
{
        struct json_object *o = json_new_object(), *list = json_new_array();
        json_add_bool(o, "complete", report->complete);
        json_add_int(o, "bytes_up", (int64_t)report->totals.bytes_up);
        json_add_int(o, "bytes_down", (int64_t)report->totals.bytes_down);
        json_add_int(o, "frames_dropped", (int64_t)report->totals.dropped);
        json_add_int(o, "overflow", (int64_t)report->totals.overflow);
        for (size_t i = 0; i < report->n_attempts; i++)
                json_append(list, attempt_json(&report->attempts[i]));
        json_add(o, "destinations", list);
        return o;
}

void net_report_clear(NetReport *report)
{
        free(report->attempts);
        *report = (NetReport){0};
}
