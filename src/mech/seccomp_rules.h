/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules over arguments (seccomp_rules[]) as a program. libseccomp's own comparisons of arguments can't
 * say "any of these bits" or "of these protocols none but", and come to many times as many instructions.
 */
#pragma once

#include "plan/plan.h"

struct sock_filter;

/** seccomp_syscall_resolve_name_arch(3): the number of a call; below 0 where the architecture does not have
 * it. */
typedef int SeccompResolve(uint32_t arch, const char *name);

/**
 * seccomp_rules_compile - the rules that the plan asks for, to stand in front of another program: what they
 * do not answer goes on after their end.
 *
 * @archs: as libseccomp names them, without duplicates.
 * @ret, @ret_n: allocated; free(3).
 *
 * Returns 0, -ENOMEM, or -E2BIG when a program can't hold it.
 */
int seccomp_rules_compile(const PlanPrivileges *privileges, const uint32_t *archs, size_t n_archs,
                          SeccompResolve *resolve, struct sock_filter **ret, size_t *ret_n);
