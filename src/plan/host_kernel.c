/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes the kernel's features, by calls that fail without any effect. The version says less: distributions
 * add features to old kernels, and the seccomp filter of a container may refuse system calls of new ones.
 */
#include "plan/host_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#define LANDLOCK_CREATE_RULESET_VERSION 1

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x8U
#endif

/*
 * Extensible system calls take a structure and its size. If the size is below the first version of the
 * structure, they fail with EINVAL before any other check (copy_struct_from_user(), "Extending system calls"
 * in Documentation/process/adding-syscalls.rst). A missing call fails with ENOSYS, and a filter returns
 * ENOSYS or EPERM.
 */
static bool is_einval(long r)
{
        return r < 0 && errno == EINVAL;
}

/*
 * Returns whether a tmpfs supports user.* attributes (since Linux 6.6, with CONFIG_TMPFS_XATTR). A memfd is
 * on a tmpfs; without support for such names, the error is EOPNOTSUPP.
 */
static bool tmpfs_has_user_xattrs(void)
{
        char value;
        CLEANUP_FD int fd = memfd_create("kurung-probe", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
        if (fd < 0)
                fd = memfd_create("kurung-probe", MFD_CLOEXEC);
        return fd >= 0 && fgetxattr(fd, "user.kurung", &value, sizeof(value)) < 0 && errno == ENODATA;
}

/*
 * Only a mount in a new user namespace would show that overlayfs is allowed there (since Linux 5.11), and
 * this takes a third of the time of a start. mount_setattr(2), which every start requires, is newer (5.12).
 */
static bool has_kernel_overlay(int root, const Host *h)
{
        CLEANUP_FREE char *filesystems = NULL;
        return h->has_mount_setattr && host_read_below(root, "/proc/filesystems", 65536, &filesystems) == 0 &&
               (strstr(filesystems, "\toverlay\n") ||
                faccessat(root, host_below_root("/sys/module/overlay"), F_OK, 0) == 0);
}

void host_probe_kernel(int root, Host *h)
{
        CLEANUP_FREE char *release = NULL;
        if (host_read_below(root, "/proc/sys/kernel/osrelease", 256, &release) == 0)
                (void)sscanf(release, "%u.%u", &h->kernel_major, &h->kernel_minor);
        h->has_clone3 = is_einval(syscall(SYS_clone3, NULL, 0));
        h->has_openat2 = is_einval(syscall(SYS_openat2, AT_FDCWD, "", NULL, 0));
        h->has_mount_setattr = is_einval(syscall(SYS_mount_setattr, -1, "", 0, NULL, 0));
        long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        h->landlock_abi = abi > 0 ? (int)abi : 0;
        h->seccomp = prctl(PR_GET_SECCOMP) >= 0;
        h->tmpfs_user_xattrs = tmpfs_has_user_xattrs();
        h->kernel_overlay = has_kernel_overlay(root, h);
}

const char *host_missing_call(const Host *host)
{
        return !host->has_clone3          ? "clone3"
               : !host->has_openat2       ? "openat2"
               : !host->has_mount_setattr ? "mount_setattr"
                                          : NULL;
}

bool host_is_inside_kurung(const Host *host)
{
        const char *container = getenv("container");
        return container && str_eq(container, "kurung") && !host->has_clone3;
}
