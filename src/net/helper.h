/* SPDX-License-Identifier: Apache-2.0 */
/* The net helper's loop; main() is in main.c. */
#pragma once

#include "net/dns.h"
#include "net/hostaddr.h"
#include "net/message.h"
#include "net/relay.h"
#include "net/stack.h"

#define HELPER_STREAMS_MAX DNS_STREAMS_MAX

/** A TCP connection of the sandbox to its resolver. */
typedef struct HelperStream {
        int fd; /* FD_NONE: free */
        DnsStream *stream;
        bool failed;
} HelperStream;

typedef struct Helper {
        NetConfig config;
        Policy *policy;
        Filter *filter;
        Stack stack;
        RelayTable relays;
        Dns *dns;
        HostAddresses *host;
        HelperStream streams[HELPER_STREAMS_MAX];
        AttemptTable attempts;
        PollSet polls;
        uint32_t seed; /* of its hash tables */
        int channel;
        bool finish, tell;
} Helper;

/**
 * helper_prepare - do everything that opens files or sockets: the policy, the host's addresses, libslirp, the
 * resolver, the published ports. Reads nothing of the sandbox. Returns 0 or -errno with @err.
 */
int helper_prepare(Helper *h, int config_fd, int channel, Error *err);

/** helper_run - serve until the supervisor requests the end, or exits. Returns 0 or -errno with @err. */
int helper_run(Helper *h, Error *err);
