/* SPDX-License-Identifier: Apache-2.0 */
/* Checks devices, the engines of the system, and kurung's directories. */
#include "cmd/doctor_checks.h"

#include <stdio.h>

void doctor_check_fuse_overlayfs(const Host *h, DoctorFinding *f)
{
        char command[128];
        if (h->fuse_overlayfs)
                doctor_found(f, DOCTOR_OK, h->fuse_overlayfs, "");
        else
                doctor_found(f, DOCTOR_WARN, "missing: root inside cannot change files of the system",
                             doctor_install_command("fuse-overlayfs", "fuse-overlayfs", "fuse-overlayfs",
                                                    command, sizeof(command)));
}

static void check_device(HostDevice state, const char *cost, const char *load, const char *open,
                         DoctorFinding *f)
{
        char text[200];
        (void)snprintf(text, sizeof(text), "%s: %s",
                       state == HOST_DEVICE_MISSING ? "missing" : "not accessible", cost);
        if (state == HOST_DEVICE_OK)
                doctor_found(f, DOCTOR_OK, "accessible", "");
        else
                doctor_found(f, DOCTOR_WARN, text, state == HOST_DEVICE_MISSING ? load : open);
}

void doctor_check_fuse_device(const Host *h, DoctorFinding *f)
{
        check_device(h->fuse_device, "root inside cannot change files of the system", "sudo modprobe fuse",
                     "sudo chmod 666 /dev/fuse", f);
}

void doctor_check_tun_device(const Host *h, DoctorFinding *f)
{
        check_device(h->tun_device, "only --net=none and --net=host work", "sudo modprobe tun",
                     "sudo chmod 666 /dev/net/tun", f);
}

void doctor_check_kernel_overlay(const Host *h, DoctorFinding *f)
{
        if (h->kernel_overlay)
                doctor_found(f, DOCTOR_OK, "can be mounted in a user namespace", "");
        else
                doctor_found(f, DOCTOR_WARN, "missing: fuse-overlayfs, which is slower, is used instead",
                             "sudo modprobe overlay");
}

/* The directories for what a run writes, and for what outlives it. */
void doctor_check_directories(const Host *h, DoctorFinding *f)
{
        char text[sizeof(f->what)];
        (void)snprintf(text, sizeof(text), "%s for runs, %s for kept sandboxes",
                       h->cache_home ? h->cache_home : "none", h->state_home ? h->state_home : "none");
        if (!h->cache_home)
                doctor_found(f, DOCTOR_WARN, "no directory for writes: everything inside is read-only",
                             "set HOME or XDG_CACHE_HOME to a directory that you own");
        else if (!h->state_home)
                doctor_found(f, DOCTOR_WARN, "no directory for kept sandboxes: --keep does not work",
                             "set HOME or XDG_STATE_HOME to a directory that you own");
        else
                doctor_found(f, DOCTOR_OK, text, "");
}
