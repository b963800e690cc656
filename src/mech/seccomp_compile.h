/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "mech/seccomp.h"

/**
 * seccomp_compile - compile the plan's filter with libseccomp, which is loaded on demand (dlopen(3)).
 *
 * Returns 0 or -errno with @err.
 */
int seccomp_compile(const PlanPrivileges *privileges, SeccompFilter *ret, Error *err);
