/* SPDX-License-Identifier: Apache-2.0 */
/* The system call filter (seccomp(2)): compiled once by libseccomp, then taken from a cache. */
#pragma once

#include "plan/plan.h"

struct sock_filter;

/**
 * Two programs that are loaded one after the other; of two answers the kernel takes the stricter. "Refusals"
 * lets through all but what is named (with arguments where it takes them), "allowlist" lets through only what
 * is named.
 */
typedef struct SeccompFilter {
        struct sock_filter *items; /* both programs, the refusals first */
        size_t n_refusals;
        size_t n_allowlist;
        char key[33]; /* hash of what it was made from */
} SeccompFilter;

/**
 * seccomp_prepare - the plan's filter: from state_dir/seccomp where a file of the user's own has the
 * right hash of policy and versions, else compiled, and stored there if that can be done. Loads libseccomp
 * only to compile.
 *
 * @ret: seccomp_filter_clear() frees it.
 *
 * Returns 0; -ENOENT without libseccomp; -EINVAL for a bad Seccomp=FILE or architecture; else -errno, with
 * @err.
 */
int seccomp_prepare(const PlanPrivileges *privileges, const char *state_dir, SeccompFilter *ret, Error *err);

/** seccomp_apply - load both programs into this process; no_new_privs must be set. 0 or -errno with @err. */
int seccomp_apply(const SeccompFilter *filter, Error *err);

void seccomp_filter_clear(SeccompFilter *filter);
