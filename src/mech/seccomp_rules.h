/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules over arguments (seccomp_rules[]) as a program. libseccomp's own comparisons of arguments cannot
 * express "any of these bits" or "only these protocols", and need many times as many instructions.
 */
#pragma once

#include "plan/plan.h"

struct sock_filter;

/** seccomp_syscall_resolve_name_arch(3): returns the number of a call; negative if the architecture does not
 * have it. */
typedef int SeccompResolve(uint32_t arch, const char *name);

/**
 * seccomp_rules_compile - compile the rules for the plan, to precede another program: calls that they do not
 * answer continue after their end.
 *
 * @archs: libseccomp's numbers, without duplicates.
 * @ret, @ret_n: owned by the caller, free(3).
 *
 * Returns 0, -ENOMEM, or -E2BIG if it is too long for a program.
 */
int seccomp_rules_compile(const PlanPrivileges *privileges, const uint32_t *archs, size_t n_archs,
                          SeccompResolve *resolve, struct sock_filter **ret, size_t *ret_n);
