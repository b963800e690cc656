/* SPDX-License-Identifier: Apache-2.0 */
/* The connections that a sandbox attempted, for -v and the report. */
#pragma once

#include "net/message.h"

typedef struct NetReport {
        bool complete; /* the helper sent all attempts at the end */
        NetAttempt *attempts;
        size_t n_attempts;
        NetTotals totals;
} NetReport;

struct json_object;

/**
 * net_report_json - return the report as an object:
 *   {"complete": bool, "bytes_up", "bytes_down", "frames_dropped", "overflow": int,
 *    "destinations": [{"name", "address": text or null, "port": int, "protocol": "tcp", "udp", "icmp", "dns",
 *                      "allowed": bool, "reason": text, "count": int}, ...]}
 *
 * Requires json_load(). The caller owns it, until it is added to another object.
 */
struct json_object *net_report_json(const NetReport *report);

/** net_report_target - write "evil.example:443", "[2001:db8::1]:53/udp" or "name evil.example" to @out.
 * Returns @out. */
char *net_report_target(const NetAttempt *r, char *out, size_t room);

/** net_report_take - add an attempt that a helper sent. Returns 1 if it is new; 0 if it updates the count of
 * a known one, or there is no room; -ENOMEM. */
int net_report_take(NetReport *report, const NetAttempt *r);

void net_report_clear(NetReport *report);
