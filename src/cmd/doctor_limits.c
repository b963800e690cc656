/* SPDX-License-Identifier: Apache-2.0 */
/* Checks whether limits can be enforced. */
#include "cmd/doctor_checks.h"

#include <stdio.h>

static bool has_all(const StrList *list, char *missing, size_t room)
{
        static const char *const wanted[] = {"memory", "pids", "cpu", "io"};
        size_t len = 0;
        missing[0] = '\0';
        for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
                if (!strlist_has(list, wanted[i]) && len < room)
                        len += (size_t)snprintf(missing + len, room - len, "%s%s", len ? " " : "", wanted[i]);
        return len == 0;
}

void doctor_check_cgroup(const Host *h, DoctorFinding *f)
{
        static const char *const versions[] = {
                [HOST_CGROUP_ABSENT] = "missing: no limits on memory, processor, processes and disks",
                [HOST_CGROUP_V1] = "version 1: no limits on memory, processor, processes and disks",
                [HOST_CGROUP_HYBRID] = "version 1, and an empty version 2: no limits on resources",
        };
        const HostLimits *l = &h->limits;
        if (l->version != HOST_CGROUP_V2)
                doctor_found(f, DOCTOR_WARN, versions[l->version],
                             "add systemd.unified_cgroup_hierarchy=1 to the kernel's command line");
        else
                doctor_found(f, DOCTOR_OK,
                             l->nsdelegate ? "version 2" : "version 2, without nsdelegate: no Delegate=yes",
                             "");
}

/* Limits require a delegated group or a scope of the user manager. */
void doctor_check_limits(const Host *h, DoctorFinding *f)
{
        static const char drop_in[] = "sudo mkdir -p /etc/systemd/system/user@.service.d && printf "
                                      "'[Service]\\nDelegate=cpu cpuset io memory "
                                      "pids\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf "
                                      "&& sudo systemctl daemon-reload "
                                      "(then log in again)";
        const HostLimits *l = &h->limits;
        char missing[64], text[200];
        if (!l->base && !l->manager) {
                doctor_found(f, DOCTOR_WARN, "not enforced: no delegated control group, and no user manager",
                             "see \"user manager\"");
                return;
        }
        bool all =
                has_all(l->base ? &l->base_controllers : &l->manager_controllers, missing, sizeof(missing));
        (void)snprintf(text, sizeof(text), "enforced by %s%s%s",
                       l->base ? "the current control group" : "scopes of the user manager",
                       all ? "" : ", except: ", missing);
        doctor_found(f, all ? DOCTOR_OK : DOCTOR_WARN, text,
                     all       ? ""
                     : l->base ? "delegate these controllers as well"
                               : drop_in);
}

void doctor_check_user_manager(const Host *h, DoctorFinding *f)
{
        if (h->limits.manager)
                doctor_found(f, DOCTOR_OK, h->limits.manager, "");
        else
                doctor_found(f, DOCTOR_WARN, "none: limits require a delegated control group",
                             "sudo loginctl enable-linger \"$USER\" (then log in again)");
}
