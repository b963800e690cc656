/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of plans share: a host that is no machine, and golden files, tests/plan/NAME.golden; with
 * KURUNG_UPDATE_GOLDEN set the files are written anew, to be read in the diff. */
#pragma once

#include "golden.h"

#include "plan/plan_internal.h"
#include "plan/plan_text.h"

#include <stdio.h>

static HostEntry top[] = {
        {(char[]){"bin"}, HOST_SYMLINK, (char[]){"usr/bin"}},
        {(char[]){"etc"}, HOST_DIRECTORY, NULL},
        {(char[]){"home"}, HOST_DIRECTORY, NULL},
        {(char[]){"proc"}, HOST_DIRECTORY, NULL},
        {(char[]){"secret"}, HOST_UNREADABLE, NULL},
        {(char[]){"tmp"}, HOST_DIRECTORY, NULL},
        {(char[]){"usr"}, HOST_DIRECTORY, NULL},
        {(char[]){"var"}, HOST_DIRECTORY, NULL},
};

#define MOUNT(where, type)                                                                                   \
        {                                                                                                    \
                .target = (char[]){where}, .root = (char[]){"/"}, .fstype = (char[])                         \
                {                                                                                            \
                        type                                                                                 \
                }                                                                                            \
        }

static HostMount mounts[] = {MOUNT("/", "ext4"), MOUNT("/proc", "proc"), MOUNT("/sys", "sysfs"),
                             MOUNT("/home", "ext4")};

#define LIST(...)                                                                                            \
        {                                                                                                    \
                .items = (char *[]){__VA_ARGS__, NULL},                                                      \
                .n = sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)                                        \
        }
#define WORD(w) ((char[]){w})

static HostDisk disks[] = {{.path = (char[]){"/"}, .major = 8, .minor = 16},
                           {.path = (char[]){"/run"}, .errnum = ENODEV},
                           {.path = (char[]){"/none"}, .errnum = ENOENT}};

/* A desktop of today. */
static const Host desktop = {
        .uid = 1000,
        .gid = 1000,
        .user = (char[]){"u"},
        .home = (char[]){"/home/u"},
        .shell = (char[]){"/bin/bash"},
        .cwd = (char[]){"/home/u/project"},
        .cache_home = (char[]){"/home/u/.cache/kurung"},
        .kernel_major = 6,
        .kernel_minor = 12,
        .has_clone3 = true,
        .has_openat2 = true,
        .has_mount_setattr = true,
        .subuids = {.items = {{100000, 65536}}, .n = 1},
        .subgids = {.items = {{200000, 65536}}, .n = 1},
        .newuidmap = (char[]){"/usr/bin/newuidmap"},
        .newgidmap = (char[]){"/usr/bin/newgidmap"},
        .fuse_overlayfs = (char[]){"/usr/bin/fuse-overlayfs"},
        .kernel_overlay = true,
        .tmpfs_user_xattrs = true,
        .landlock_abi = 6,
        .seccomp = true,
        .proc_visible = true,
        .sys_visible = true,
        .mounts = mounts,
        .n_mounts = ARRAY_LEN(mounts),
        .top = top,
        .n_top = ARRAY_LEN(top),
        .helpers_dir = (char[]){"/usr/libexec/kurung"},
        .net_helper = (char[]){"/usr/libexec/kurung/kurung-net"},
        .view_helper = (char[]){"/usr/libexec/kurung/kurung-view"},
        .resolv_conf = (char[]){"/run/systemd/resolve/stub-resolv.conf"},
        .limits = {.version = HOST_CGROUP_V2,
                   .nsdelegate = true,
                   .manager = (char[]){"/run/user/1000/systemd/private"},
                   .manager_controllers = LIST(WORD("cpu"), WORD("memory"), WORD("pids")),
                   .memory = UINT64_C(16) << 30,
                   .tasks = 32768,
                   .disks = disks,
                   .n_disks = ARRAY_LEN(disks)},
        .memory = UINT64_C(16) << 30,
        .inotify_instances = 128,
        .inotify_watches = 124567,
};

/* The plan's lines; owned. */
static char *plan_lines(const Plan *plan)
{
        char *text = NULL;
        size_t len;
        FILE *f = open_memstream(&text, &len);
        plan_print(plan, f);
        (void)fclose(f);
        return text;
}

static void plan_is_golden(const Plan *plan, const char *name)
{
        CLEANUP_FREE char *got = plan_lines(plan);
        lines_are_golden(got, name);
}
