/* SPDX-License-Identifier: Apache-2.0 */
/* The system call filter (seccomp(2)): compiled once by libseccomp, then taken from a cache; or given. */
#pragma once

#include "plan/plan.h"

struct sock_filter;

typedef struct SeccompProgram {
        struct sock_filter *items;
        size_t n;
} SeccompProgram;

/** Programs, in the order in which they are loaded; of their answers the kernel takes the strictest. */
typedef struct SeccompFilter {
        SeccompProgram *programs;
        size_t n;
        char key[33]; /* hash of what it was made from; empty: it was given */
} SeccompFilter;

/**
 * Kurung's own two. "Allowlist" lets through only what is named, "refusals" all but what is named (with
 * arguments where it takes them). The last one loaded is asked first, and of equal actions the first answer
 * counts (seccomp(2)): so the refusals come last, for their errno to be the one that is seen. They let
 * seccomp(2) itself through, or it could not be loaded.
 */
enum { SECCOMP_ALLOWLIST, SECCOMP_REFUSALS, SECCOMP_OWN_PROGRAMS };

/**
 * seccomp_prepare - the plan's filter. Where it is given each of privileges->filter_fds is read to its end,
 * and is one program. Else it is kurung's own: from state_dir/seccomp where a file of the user's own has the
 * right hash of policy and versions, else compiled, and stored there if that can be done. Loads libseccomp
 * only to compile.
 *
 * @ret: seccomp_filter_clear() frees it.
 *
 * Returns 0; -ENOENT without libseccomp; -EINVAL for a bad Seccomp=FILE or architecture, or for a descriptor
 * with anything but 1 to BPF_MAXINSNS instructions; else -errno, with @err.
 */
int seccomp_prepare(const PlanPrivileges *privileges, const char *state_dir, SeccompFilter *ret, Error *err);

/**
 * seccomp_apply - load the programs into this process; none is no filter. Either no_new_privs is set or
 * CAP_SYS_ADMIN is effective (-EACCES). 0 or -errno with @err.
 */
int seccomp_apply(const SeccompFilter *filter, Error *err);

/** seccomp_filter_add - append a program. @items: owned from now on, on failure, too. 0 or -ENOMEM. */
int seccomp_filter_add(SeccompFilter *filter, struct sock_filter *items, size_t n);

void seccomp_filter_clear(SeccompFilter *filter);
