/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the filters say, as tables. A name that this machine's libseccomp does not know is passed over: the
 * call does not exist there, and what is unknown is ENOSYS anyway.
 *
 * Beside the tables, for every policy: clone3(2) is ENOSYS (its flags lie in memory that no filter sees, and
 * libc then takes clone(2)).
 */
#pragma once

#include "base/util.h"

/** A group of system calls with the reason why it is there. */
typedef struct SeccompGroup {
        const char *about;
        bool strict;              /* allowlist: in the policy "strict", too; refusals: only in "strict" */
        const char *const *names; /* NULL-terminated */
} SeccompGroup;

/** Refused with EPERM: known, and not for a sandbox. */
extern const SeccompGroup seccomp_refused[];
extern const size_t seccomp_refused_n;

/** Let through. */
extern const SeccompGroup seccomp_allowed[];
extern const size_t seccomp_allowed_n;

/** How one argument of a call is compared: its lower 32 bits, which is what the kernel looks at. */
typedef enum SeccompOp {
        SECCOMP_EQUAL,     /* (argument & mask) == value */
        SECCOMP_NOT_EQUAL, /* (argument & mask) != value */
        SECCOMP_ANY_BIT,   /* (argument & mask) != 0 */
        SECCOMP_NULL,      /* all 64 bits are 0: a pointer */
} SeccompOp;

typedef struct SeccompTest {
        SeccompOp op;
        unsigned arg;
        uint32_t mask;
        uint32_t value;
} SeccompTest;

#define SECCOMP_TESTS_MAX 3
#define SECCOMP_PASS 0xffff /* as an answer: the call goes on to the other filters */

/** When a rule is there: what the plan is like. */
enum {
        SECCOMP_WHEN_STRICT = 1 << 0,
        SECCOMP_WHEN_RAW = 1 << 1,    /* CAP_NET_RAW was granted */
        SECCOMP_WHEN_SHARED = 1 << 2, /* a directory of the host can be written inside */
};

/**
 * A rule over the arguments of a call. Of a call's rules, which stand together, the first one whose tests all
 * hold answers; a call that none answers passes.
 */
typedef struct SeccompRule {
        const char *call;
        uint16_t answer; /* an errno, 0 for success without the call, or SECCOMP_PASS */
        unsigned when;   /* SECCOMP_WHEN_*: all of them must hold */
        unsigned unless; /* and none of these */
        size_t n_tests;
        SeccompTest tests[SECCOMP_TESTS_MAX];
} SeccompRule;

extern const SeccompRule seccomp_rules[];
extern const size_t seccomp_rules_n;

/** What every program needs to start and end, and seccomp(2) for the second filter: added to a list from a
 * file. */
extern const char *const seccomp_essential[];

/** The only values of personality(2) that are let through, ended by UINT64_MAX. */
extern const uint64_t seccomp_personalities[];

/** Counted up with every change of the policy that the tables do not show. */
#define SECCOMP_POLICY_VERSION 2
