/* SPDX-License-Identifier: Apache-2.0 */
/* The system call filter (seccomp(2)): compiled once by libseccomp, then read from a cache; or given. */
#pragma once

#include "plan/plan.h"

struct sock_filter;

typedef struct SeccompProgram {
        struct sock_filter *items;
        size_t n;
} SeccompProgram;

/** Programs in the order of loading; the kernel uses the strictest of their results. */
typedef struct SeccompFilter {
        SeccompProgram *programs;
        size_t n;
        bool given;   /* by a front end */
        char key[33]; /* hash of its inputs; empty: the filter was given */
} SeccompFilter;

/**
 * kurung's own two programs. The allowlist passes only the listed calls; the refusals pass all calls except
 * the listed ones, some depending on arguments. The kernel runs the program that was loaded last first, and
 * among equal actions uses the first result (seccomp(2)). The refusals are loaded last, so that their errno
 * is returned. They pass seccomp(2) itself, which loads them.
 */
enum { SECCOMP_ALLOWLIST, SECCOMP_REFUSALS, SECCOMP_OWN_PROGRAMS };

/**
 * seccomp_prepare - make the plan's filter. If it is given, reads each of privileges->filter_fds to its end
 * as one program. Otherwise it is kurung's own: read from state_dir/seccomp, if a file of the user has the
 * right hash of policy and versions; otherwise compiled, and stored there if possible. Loads libseccomp only
 * to compile.
 *
 * @ret: seccomp_filter_clear() frees it.
 *
 * Returns 0; -ENOENT without libseccomp; -EINVAL for a bad Seccomp=FILE or architecture, or for a descriptor
 * without 1 to BPF_MAXINSNS instructions; otherwise -errno, with @err.
 */
int seccomp_prepare(const PlanPrivileges *privileges, const char *state_dir, SeccompFilter *ret, Error *err);

/** seccomp_check - return 0 if libseccomp, which compiles filters, can be loaded; otherwise -ENOENT with
 * @err. */
int seccomp_check(Error *err);

/**
 * seccomp_apply - load the programs into this process; without programs there is no filter. Requires
 * no_new_privs or an effective CAP_SYS_ADMIN (-EACCES). Returns 0 or -errno with @err.
 */
int seccomp_apply(const SeccompFilter *filter, Error *err);

/** seccomp_filter_add - append a program. Takes ownership of @items, also on failure. Returns 0 or
 * -ENOMEM. */
int seccomp_filter_add(SeccompFilter *filter, struct sock_filter *items, size_t n);

void seccomp_filter_clear(SeccompFilter *filter);
