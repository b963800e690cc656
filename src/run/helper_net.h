/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's side of the net helper: starting it, handing it the tap device, hearing what it saw. */
#pragma once

#include "net/message.h"
#include "plan/plan.h"
#include "run/helper.h"
#include "run/net_report.h"

typedef struct NetHelper {
        Helper helper;
        const PlanNetwork *network; /* NULL: there is none of ours */
        uid_t uid;                  /* the user's own */
        gid_t gid;
        pid_t pid;  /* 0: none was started */
        int config; /* memfd, until it is started */
        int tap;    /* a second descriptor of the device, to take it down when the helper has died */
        bool ready, finishing;
        NetReport report;
        unsigned told;    /* refusals that were printed */
        size_t published; /* ports that it has told of */
} NetHelper;

#define NET_HELPER_NONE ((NetHelper){.helper = HELPER_OF(NULL), .config = FD_NONE, .tap = FD_NONE})

/** net_helper_make - the helper of a network of ours, not started yet. @network: of a plan, borrowed. @uid,
 * @gid: the user's own. helpers_stop() closes what it holds; the report stays. */
NetHelper net_helper_make(const PlanNetwork *network, uid_t uid, gid_t gid);

/**
 * net_helper_lets_start - whether a payload may start: what it sends waits in the device until the helper is
 * ready, which is told at once when it can't be. Only ports have to be there before, as others may have them.
 */
bool net_helper_lets_start(const NetHelper *n);

/** net_helper_pass_tap - hand the tap device over; @fd becomes the helper's and ours. */
void net_helper_pass_tap(NetHelper *n, int fd);

/** net_helper_finish - nobody is left that sends: have it tell the rest of what it saw, and end. Nothing is
 * waited for. */
void net_helper_finish(NetHelper *n);

/** NetStage - what the child needs that becomes the helper. */
typedef struct NetStage {
        uid_t uid; /* the user's own */
        gid_t gid;
        char *program; /* absolute */
        int channel, config;
} NetStage;

/** stage_net_main - that child (process_clone_exec()), of a NetStage; returns what to _exit with when the
 * exec failed. */
int stage_net_main(void *userdata);
