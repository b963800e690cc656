/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's side of the net helper: starting it, handing it the tap device, hearing what it saw. */
#pragma once

#include "net/message.h"
#include "plan/plan.h"
#include "run/net_report.h"

typedef struct NetHelper {
        pid_t pid;   /* 0: none was started */
        int pidfd;   /* FD_NONE: none, or it has ended */
        int channel; /* FD_NONE: none, or it has nothing more to say */
        int tap;     /* a second descriptor of the device, to take it down when the helper has died */
        bool ready, finishing, died;
        NetReport report;
        unsigned told;               /* refusals that were printed */
        size_t n_publish, published; /* ports that there are to be, and that it has told of */
} NetHelper;

#define NET_HELPER_NONE ((NetHelper){.pidfd = FD_NONE, .channel = FD_NONE, .tap = FD_NONE})

/** nethelper_start - where the plan has a network of ours: start it. Nothing is waited for. 0 or -errno with
 * @err. */
int nethelper_start(NetHelper *n, const PlanNetwork *network, uid_t uid, gid_t gid, Error *err);

/**
 * nethelper_lets_start - whether a payload may start: what it sends waits in the device until the helper is
 * ready, which is told at once when it can't be. Only ports have to be there before, as others may have them.
 */
bool nethelper_lets_start(const NetHelper *n, const PlanNetwork *network);

/** nethelper_pass_tap - hand the tap device over; @fd becomes the helper's and ours. */
void nethelper_pass_tap(NetHelper *n, int fd);

/**
 * nethelper_handle - take what it said, after poll(2) of its channel. Prints what is to be seen while a
 * payload runs: ports, refusals.
 *
 * Returns 0; -errno with @err when there will be no network.
 */
int nethelper_handle(NetHelper *n, Error *err);

/** nethelper_ended - after poll(2) of its pidfd: say so, when it was not to end. -EIO with @err before it was
 * ready, else 0. */
int nethelper_ended(NetHelper *n, Error *err);

/** nethelper_finish - nobody is left that sends: have it tell the rest of what it saw, and end. Nothing is
 * waited for. */
void nethelper_finish(NetHelper *n);

/** nethelper_stop - hear the rest of what it saw, and end it. -errno with @err when it never came to serve
 * the device, so that the payload had no network. */
int nethelper_stop(NetHelper *n, Error *err);

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
