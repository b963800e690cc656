/* SPDX-License-Identifier: Apache-2.0 */
/* What a sandbox tried to reach: for -v and for the report. */
#pragma once

#include "net/message.h"

typedef struct NetReport {
        bool complete; /* the helper told everything at the end */
        NetRecord *records;
        size_t n_records;
        NetTotals totals;
} NetReport;

struct json_object;

/**
 * net_report_json - the report as an object:
 *   {"complete": bool, "bytes_up", "bytes_down", "frames_dropped", "overflow": int,
 *    "destinations": [{"name", "address": text or null, "port": int, "protocol": "tcp", "udp", "icmp", "dns",
 *                      "allowed": bool, "reason": text, "count": int}, ...]}
 *
 * json_load() was called. The caller's, until it is added to another.
 */
struct json_object *net_report_json(const NetReport *report);

/** net_report_target - "evil.example:443", "[2001:db8::1]:53/udp", "name evil.example" in @out; returns it.
 */
char *net_report_target(const NetRecord *r, char *out, size_t room);

/** net_report_take - what a helper told: 1 for the first time, 0 for a count of what is known or what there
 * is no room for, -ENOMEM. */
int net_report_take(NetReport *report, const NetRecord *r);

void net_report_clear(NetReport *report);
