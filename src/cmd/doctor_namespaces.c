/* SPDX-License-Identifier: Apache-2.0 */
/* Checks whether namespaces can be created, and a procfs mounted in them. */
#include "cmd/doctor_checks.h"

#include "base/channel.h"
#include "base/io.h"
#include "base/mount.h"
#include "base/process.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

/* The namespaces that a run creates by default. */
#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET)

/* Formats a command that installs a profile that allows this program to create user namespaces
 * (apparmor.d(5)). The profile is named after the program's path, as is usual, so that it replaces neither
 * that of the package nor that of a kurung elsewhere. */
static void apparmor_remedy(char *out, size_t room)
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-";
        char self[200], name[200]; /* four of them fit into a remedy */
        int r = process_program(self, sizeof(self));
        /* The path becomes part of a shell command and of an AppArmor pattern: only characters without a
         * special meaning in either. */
        bool usable = r == 0 && self[0] == '/' && self[strspn(self, plain)] == '\0';
        (void)snprintf(name, sizeof(name), "%s", usable ? self + 1 : "kurung");
        for (char *p = name; (p = strchr(p, '/'));)
                *p = '.';
        (void)snprintf(out, room,
                       "printf 'abi <abi/4.0>,\\nprofile %s %s flags=(unconfined) {\\n  userns,\\n}\\n' | "
                       "sudo tee /etc/apparmor.d/%s && sudo apparmor_parser -r /etc/apparmor.d/%s",
                       name, usable ? self : "/usr{,/local}/bin/kurung", name, name);
}

void doctor_check_userns(const Host *h, DoctorFinding *f)
{
        char remedy[sizeof(f->remedy)];
        switch (h->userns) {
        case HOST_USERNS_OK:
                doctor_found(f, DOCTOR_OK, "available", "");
                break;
        case HOST_USERNS_SYSCTL:
                doctor_found(
                        f, DOCTOR_FAIL, "disabled by kernel.unprivileged_userns_clone=0: kurung cannot run",
                        "echo kernel.unprivileged_userns_clone=1 | sudo tee /etc/sysctl.d/50-kurung.conf && "
                        "sudo sysctl --system");
                break;
        case HOST_USERNS_COUNT:
                doctor_found(
                        f, DOCTOR_FAIL, "disabled by user.max_user_namespaces=0: kurung cannot run",
                        "echo user.max_user_namespaces=15000 | sudo tee /etc/sysctl.d/50-kurung.conf && sudo "
                        "sysctl --system");
                break;
        case HOST_USERNS_APPARMOR:
                apparmor_remedy(remedy, sizeof(remedy));
                doctor_found(f, DOCTOR_FAIL,
                             "denied to programs without an AppArmor profile: kurung cannot run", remedy);
                break;
        case HOST_USERNS_ABSENT:
                doctor_found(f, DOCTOR_FAIL, "the kernel was built without CONFIG_USER_NS: kurung cannot run",
                             "use another kernel");
                break;
        }
}

/* Tries the operations that a run needs inside new namespaces. */
static int try_inside(uid_t uid, gid_t gid, Error *err)
{
        CLEANUP_FD int proc = FD_NONE, tmpfs = FD_NONE;
        char map[64];
        (void)snprintf(map, sizeof(map), "%u %u 1\n", uid, uid);
        int r = io_write_file_at(AT_FDCWD, "/proc/self/uid_map", map);
        if (r < 0)
                return error_set_errno(err, r, "cannot map the user id");
        r = io_write_file_at(AT_FDCWD, "/proc/self/setgroups", "deny");
        (void)snprintf(map, sizeof(map), "%u %u 1\n", gid, gid);
        if (r == 0)
                r = io_write_file_at(AT_FDCWD, "/proc/self/gid_map", map);
        if (r < 0)
                return error_set_errno(err, r, "cannot map the group id");
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return error_set_errno(err, errno, "cannot make mounts private");
        r = mount_new("tmpfs", NULL, 0, mount_safe_attrs(false), &tmpfs, err);
        if (r == 0)
                r = mount_new("proc", NULL, 0, mount_safe_attrs(false) | MOUNT_ATTR_NOEXEC, &proc, err);
        return r;
}

/* Tries a process in new namespaces. Returns 0, or -errno with the reason. */
static int try_namespaces(const Host *h, Error *err)
{
        CLEANUP_FD int pidfd = FD_NONE, ours = FD_NONE, theirs = FD_NONE;
        int ends[2];
        Message m;
        int r = channel_make(ends);
        if (r < 0)
                return error_set_errno(err, r, "cannot create a channel");
        ours = ends[0];
        theirs = ends[1];
        pid_t pid = process_clone(NAMESPACES, &pidfd);
        if (pid == 0) {
                Error failed = {0};
                if (try_inside(h->uid, h->gid, &failed) < 0)
                        (void)channel_send_error(theirs, &failed);
                else
                        (void)channel_send(theirs, MSG_SYNC, SYNC_ROOTFS, FD_NONE);
                _exit(0);
        }
        if (pid < 0)
                return error_set_errno(err, (int)pid, "cannot create them");
        theirs = fd_close(theirs);
        r = channel_receive(ours, &m, NULL);
        (void)process_wait(pidfd, NULL);
        if (r == 1 && m.type == MSG_SYNC)
                return 0;
        if (r == 1 && m.type == MSG_ERROR)
                return error_take(err, &m.error, "a process in them");
        return error_set(err, ECONNRESET, "a process in them exited early");
}

/* Creating namespaces detects obstacles that no file shows: an outer sandbox's filter, a security module that
 * allows them but drops the capabilities, a limit of a container. */
void doctor_check_namespaces(const Host *h, DoctorFinding *f)
{
        char text[sizeof(f->what)];
        Error err = {0};
        if (try_namespaces(h, &err) == 0) {
                doctor_found(f, DOCTOR_OK,
                             "user, mount, pid, ipc, uts and net can be created, and mounts in them", "");
                return;
        }
        (void)snprintf(text, sizeof(text), "unusable: %.200s", err.text);
        doctor_found(f, DOCTOR_FAIL, text,
                     h->userns == HOST_USERNS_OK && h->proc_visible
                             ? "check the kernel log (sudo dmesg) for the reason; in a container, disable "
                               "its filter (docker, podman: --security-opt seccomp=unconfined)"
                             : "see \"user namespaces\" or \"procfs\"");
}

void doctor_check_proc(const Host *h, DoctorFinding *f)
{
        if (h->proc_visible)
                doctor_found(f, DOCTOR_OK, "a new /proc can be mounted", "");
        else
                doctor_found(
                        f, DOCTOR_FAIL,
                        "parts of /proc are masked, as in a container: no new one can be mounted",
                        "start the container with unmasked /proc (podman: --security-opt unmask=ALL; docker: "
                        "--security-opt "
                        "systempaths=unconfined)");
}
