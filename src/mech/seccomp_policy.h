/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content of the filters, as tables. A name that this machine's libseccomp does not know is skipped: the
 * call does not exist there, and unknown calls return ENOSYS anyway.
 *
 * In addition, every policy answers clone3(2) with ENOSYS: its flags are in memory that no filter sees, and
 * libc falls back to clone(2).
 */
#pragma once

#include "base/util.h"

/** A group of system calls and its topic. */
typedef struct SeccompGroup {
        const char *about;
        bool strict; /* allowlist: the group is also in "strict"; refusals: it is only in "strict" */
        const char *const *names; /* NULL-terminated */
} SeccompGroup;

/** Refused with EPERM: known calls that a sandbox must not make. */
extern const SeccompGroup seccomp_refused[];
extern const size_t seccomp_refused_n;

/** Allowed. */
extern const SeccompGroup seccomp_allowed[];
extern const size_t seccomp_allowed_n;

/** The comparison of an argument: of its lower 32 bits, which the kernel uses. */
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
#define SECCOMP_PASS 0xffff /* as an answer: the following filters decide */

/** Conditions of a rule: properties of the plan. */
enum {
        SECCOMP_WHEN_STRICT = 1 << 0,
        SECCOMP_WHEN_RAW = 1 << 1,    /* CAP_NET_RAW is granted */
        SECCOMP_WHEN_SHARED = 1 << 2, /* a directory of the host is writable inside */
};

/**
 * A rule over the arguments of a call. The rules of a call are consecutive; the first one with all tests true
 * answers. Without such a rule the call passes.
 */
typedef struct SeccompRule {
        const char *call;
        uint16_t answer; /* an errno, 0 for success without executing the call, or SECCOMP_PASS */
        unsigned when;   /* SECCOMP_WHEN_*: all must be true */
        unsigned unless; /* and none of these */
        size_t n_tests;
        SeccompTest tests[SECCOMP_TESTS_MAX];
} SeccompRule;

extern const SeccompRule seccomp_rules[];
extern const size_t seccomp_rules_n;

/** Calls that every program needs to start and exit, and seccomp(2) for the second filter: added to a list
 * from a file. */
extern const char *const seccomp_essential[];

/** The only allowed values of personality(2), terminated by UINT64_MAX. */
extern const uint64_t seccomp_personalities[];

/** Increased with every change of the policy that is not in the tables. */
#define SECCOMP_POLICY_VERSION 2
