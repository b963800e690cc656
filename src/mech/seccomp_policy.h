/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the filters say, as tables. A name that this machine's libseccomp does not know is passed over: the
 * call does not exist there, and what is unknown is ENOSYS anyway.
 *
 * Beside the tables, for every policy: clone3(2) is ENOSYS (its flags lie in memory that no filter sees, and
 * libc then takes clone(2)); clone(2) and unshare(2) with a CLONE_NEW* flag are EPERM; ioctl(2) TIOCSTI and
 * TIOCLINUX are EPERM, compared by their lower 32 bits as the kernel does; sockets are of the families UNIX,
 * INET, INET6 and NETLINK (ROUTE only).
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

/** What every program needs to start and end, and seccomp(2) for the second filter: added to a list from a
 * file. */
extern const char *const seccomp_essential[];

/** The only values of personality(2) that are let through, ended by UINT64_MAX. */
extern const uint64_t seccomp_personalities[];

/** Counted up with every change of the policy that the tables do not show. */
#define SECCOMP_POLICY_VERSION 1
