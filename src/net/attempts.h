/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attempts of the sandbox: one entry per destination, with a count and the deciding rule. A table of
 * fixed size, so that a payload can neither fill memory nor flood the supervisor; further destinations are
 * only counted.
 */
#pragma once

#include "net/policy.h"

#define NET_ATTEMPTS_MAX 1024
#define NET_REASON_MAX 160

/** One destination, as it is sent over the channel. */
typedef struct NetAttempt {
        char name[NET_NAME_MAX + 1]; /* name from which the address was learned; "": none */
        char reason[NET_REASON_MAX]; /* the rule, or the reason of the refusal */
        NetAddress address;          /* AF_UNSPEC: a name that was queried, not connected to */
        uint16_t port;
        uint16_t protocol; /* NetProtocol, 0: a name */
        bool allowed;
        uint64_t count;
} NetAttempt;

typedef struct AttemptTable {
        NetAttempt *items; /* NET_ATTEMPTS_MAX */
        size_t n;
        size_t told;                          /* number of entries that were sent */
        uint64_t overflow;                    /* number of attempts to destinations without room */
        uint16_t index[NET_ATTEMPTS_MAX * 2]; /* open addressing, entry + 1 */
} AttemptTable;

/** attempts_init - make a table. Returns 0 or -ENOMEM. */
int attempts_init(AttemptTable *t);
void attempts_clear(AttemptTable *t);

/** attempts_add - count an attempt; @name may be NULL. The reason of the first one is kept. */
void attempts_add(AttemptTable *t, const char *name, const PolicyTarget *to, bool allowed,
                  const char *reason);
