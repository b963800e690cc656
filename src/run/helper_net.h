/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's side of the net helper: its start, the tap device for it, and its attempts. */
#pragma once

#include "net/message.h"
#include "plan/plan.h"
#include "run/helper.h"
#include "run/net_report.h"

typedef struct NetHelper {
        Helper helper;
        const PlanNetwork *network; /* NULL: the sandbox has no net helper */
        uid_t uid;                  /* the user's own ids */
        gid_t gid;
        pid_t pid;  /* 0: not started */
        int config; /* memfd, until the start */
        int tap;    /* a second descriptor of the device, to take it down if the helper exits */
        bool ready, finishing;
        NetReport report;
        unsigned told;                     /* number of printed refusals */
        NetPublish ports[NET_PUBLISH_MAX]; /* those that it has reported, with the chosen ones for port 0 */
        size_t published;                  /* their number */
} NetHelper;

#define NET_HELPER_NONE ((NetHelper){.helper = HELPER_OF(NULL), .config = FD_NONE, .tap = FD_NONE})

/** net_helper_make - make the helper of a sandbox with slirp, without starting it. @network: of a plan,
 * borrowed. @uid, @gid: the user's own. helpers_stop() closes its descriptors; the report stays. */
NetHelper net_helper_make(const PlanNetwork *network, uid_t uid, gid_t gid);

/**
 * net_helper_lets_start - return whether a payload may start. Its packets wait in the device until the helper
 * is ready, and a failure of the helper is reported at once. Only published ports must be open before the
 * start, because other programs may use them.
 */
bool net_helper_lets_start(const NetHelper *n);

/** net_helper_pass_tap - send the tap device to the helper. Takes ownership of @fd. */
void net_helper_pass_tap(NetHelper *n, int fd);

/** net_helper_pass_sockets - send the helper the channel by which init makes sockets for it (net/relay.h).
 * Borrows @fd. */
void net_helper_pass_sockets(NetHelper *n, int fd);

/** net_helper_finish - after all senders inside have exited, make the helper send its last attempts and exit.
 * Does not wait. */
void net_helper_finish(NetHelper *n);

/** The parameters of the child that becomes the helper. */
typedef struct NetStage {
        uid_t uid; /* the user's own ids */
        gid_t gid;
        char *program; /* absolute path */
        int channel, config;
} NetStage;

/** stage_net_main - run the child that becomes the net helper (process_clone_exec()). @userdata: a NetStage.
 * Returns the exit status if exec fails. */
int stage_net_main(void *userdata);
