/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of "kurung doctor". For the files of doctor alone. */
#pragma once

#include "plan/host.h"

typedef enum DoctorLevel {
        DOCTOR_OK,
        DOCTOR_WARN, /* run works with restrictions */
        DOCTOR_FAIL, /* run does not work */
} DoctorLevel;

typedef struct DoctorFinding {
        DoctorLevel level;
        char what[256];    /* what exists or is missing, and the consequences */
        char remedy[1024]; /* the command to run; empty: none */
} DoctorFinding;

/** doctor_found - fill @f. @remedy: "": none. */
void doctor_found(DoctorFinding *f, DoctorLevel level, const char *what, const char *remedy);

/** doctor_install_command - format the command that installs a package on this distribution, from the
 * package's name on each. Returns @out. */
const char *doctor_install_command(const char *debian, const char *fedora, const char *arch, char *out,
                                   size_t room);

/** One line of doctor each: stores its finding about @h in @f. */
void doctor_check_userns(const Host *h, DoctorFinding *f);
void doctor_check_namespaces(const Host *h, DoctorFinding *f);
void doctor_check_proc(const Host *h, DoctorFinding *f);
void doctor_check_newuidmap(const Host *h, DoctorFinding *f);
void doctor_check_newgidmap(const Host *h, DoctorFinding *f);
void doctor_check_ranges(const Host *h, DoctorFinding *f);
void doctor_check_fuse_overlayfs(const Host *h, DoctorFinding *f);
void doctor_check_view(const Host *h, DoctorFinding *f);
void doctor_check_network(const Host *h, DoctorFinding *f);
void doctor_check_seccomp(const Host *h, DoctorFinding *f);
void doctor_check_fuse_device(const Host *h, DoctorFinding *f);
void doctor_check_tun_device(const Host *h, DoctorFinding *f);
void doctor_check_kernel_overlay(const Host *h, DoctorFinding *f);
void doctor_check_directories(const Host *h, DoctorFinding *f);
void doctor_check_cgroup(const Host *h, DoctorFinding *f);
void doctor_check_limits(const Host *h, DoctorFinding *f);
void doctor_check_user_manager(const Host *h, DoctorFinding *f);
