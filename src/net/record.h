/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sandbox tried: one entry a destination, with how often and the rule that decided. A table of a
 * fixed size, so that a payload cannot fill memory or flood anybody; what does not fit is counted.
 */
#pragma once

#include "net/policy.h"

#define NET_RECORDS_MAX 1024
#define NET_REASON_MAX 160

/** One destination, as it goes over the channel. */
typedef struct NetRecord {
        char name[NET_NAME_MAX + 1]; /* by which it was learnt; "": none */
        char reason[NET_REASON_MAX]; /* the rule, or why not */
        NetAddress address;          /* AF_UNSPEC: a name that was asked for, not connected to */
        uint16_t port;
        uint16_t protocol; /* NetProtocol, 0: a name */
        bool allowed;
        uint64_t count;
} NetRecord;

typedef struct RecordTable {
        NetRecord *items; /* NET_RECORDS_MAX */
        size_t n;
        size_t told;                         /* those before it were handed on */
        uint64_t overflow;                   /* of destinations that had no room */
        uint16_t index[NET_RECORDS_MAX * 2]; /* open addressing, entry + 1 */
} RecordTable;

/** record_table_init - 0 or -ENOMEM. */
int record_table_init(RecordTable *t);
void record_table_clear(RecordTable *t);

/** record_add - count a destination; @name may be NULL. The reason of the first time is kept. */
void record_add(RecordTable *t, const char *name, const PolicyTarget *to, bool allowed, const char *reason);
