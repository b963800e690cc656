/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host facts: what this machine can do, probed once, as plain data. Tests fill one by hand; nothing after the
 * probe asks the machine again.
 */
#pragma once

#include "base/error.h"
#include "base/lookup.h"
#include "base/strlist.h"
#include "plan/sources.h"

#include <sys/types.h>

/** One mount of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
typedef struct HostMount {
        char *target; /* unescaped, absolute */
        char *root;   /* the root of the mount in its file system */
        char *fstype;
        bool read_only;
        char *source;    /* "/dev/sda1"; NULL: none */
        bool nsdelegate; /* cgroup2: a cgroup namespace is a border of delegation (cgroups(7)) */
} HostMount;

/** One line of /etc/subuid or /etc/subgid that is the user's (subuid(5)). */
typedef struct SubRange {
        uint32_t start;
        uint32_t count;
} SubRange;

#define HOST_RANGES_MAX 32

typedef struct SubRanges {
        SubRange items[HOST_RANGES_MAX]; /* in the file's order */
        size_t n;
} SubRanges;

typedef enum HostEntryType { HOST_DIRECTORY, HOST_SYMLINK, HOST_FILE, HOST_UNREADABLE } HostEntryType;

/** One entry of "/". */
typedef struct HostEntry {
        char *name; /* "usr" */
        HostEntryType type;
        char *target; /* HOST_SYMLINK: as readlink(2) gives it */
} HostEntry;

typedef enum HostDevice { HOST_DEVICE_OK, HOST_DEVICE_MISSING, HOST_DEVICE_CLOSED } HostDevice;

/** Why a user namespace cannot be made. Each has a remedy of its own. */
typedef enum HostUserns {
        HOST_USERNS_OK,
        HOST_USERNS_SYSCTL,   /* kernel.unprivileged_userns_clone = 0 (Debian) */
        HOST_USERNS_COUNT,    /* user.max_user_namespaces = 0 */
        HOST_USERNS_APPARMOR, /* kernel.apparmor_restrict_unprivileged_userns = 1 and no profile for us */
        HOST_USERNS_ABSENT,   /* the kernel has no /proc/self/ns/user */
} HostUserns;

typedef enum HostHelper {
        HOST_HELPER_OK,
        HOST_HELPER_MISSING,
        HOST_HELPER_UNPRIVILEGED, /* there, but neither setuid nor with a file capability */
} HostHelper;

/** Which control groups /sys/fs/cgroup holds. */
typedef enum HostCgroupVersion {
        HOST_CGROUP_ABSENT,
        HOST_CGROUP_V1,
        HOST_CGROUP_HYBRID, /* version 1, with an empty version 2 beside it */
        HOST_CGROUP_V2,
} HostCgroupVersion;

/** The disk that holds a path. */
typedef struct HostDisk {
        char *path;
        int errnum; /* why it is not known: of stat(2); ENODEV: the file system is on no disk of its own */
        unsigned major, minor;
} HostDisk;

/** What limits of resources take; filled by host_probe_limits(). */
typedef struct HostLimits {
        HostCgroupVersion version;
        bool nsdelegate;
        char *own;        /* directory of our own control group, NULL: not known */
        char *base;       /* where we may make groups ourselves: a delegated group; NULL: nowhere */
        bool base_is_own; /* we are in it, alone, and have to leave it first: groups that hold processes
                             can't have limits for groups below (cgroups(7), "no internal processes") */
        StrList base_controllers;
        char *manager; /* socket of the systemd user manager, NULL: none */
        StrList manager_controllers;
        uint64_t memory; /* bytes that we may have at most: the machine's, or a container's */
        uint64_t tasks;  /* the same */
        HostDisk *disks; /* one for each path that was asked for */
        size_t n_disks;
} HostLimits;

/** A path that was looked up, once. */
typedef struct HostPath {
        char *path; /* as it was spelled, normalized */
        Lookup found;
} HostPath;

/** The directory of kept sandboxes in Host.state_home; of homes that are kept; of running ones' records where
 * there is no runtime directory. */
#define KEPT_DIR "kept"
#define HOMES_DIR "homes"
#define LIVE_DIR "running"

typedef struct Host {
        uid_t uid;
        gid_t gid;
        unsigned groups_n; /* how many supplementary groups the caller has */
        char *user;        /* login name, or NULL */
        char *home;        /* $HOME, else passwd's; NULL: none, or not an existing directory */
        char *shell;       /* passwd's, or "/bin/sh" */
        char *hostname;    /* gethostname(2); NULL: none */
        char *cwd;         /* normalized; NULL when it was deleted */
        char *cache_home; /* where kurung may keep things: $XDG_CACHE_HOME/kurung, ~/.cache/kurung, ...; NULL:
                             nowhere */
        char *state_home; /* where kept sandboxes are: $XDG_STATE_HOME/kurung, ~/.local/state/kurung; NULL:
                             nowhere */
        char *config_home; /* where the user's profiles are: $XDG_CONFIG_HOME/kurung, ~/.config/kurung; NULL:
                              nowhere */
        char *live_home;   /* where running sandboxes are recorded: $XDG_RUNTIME_DIR/kurung, else
                              state_home/running; NULL: nowhere */
        StrList own_real; /* of these four "PATH", "the same without links", ... where that is another name */
        StrList homes;    /* the home directories of $HOME and of passwd(5), spelled and without links */
        StrList private_dirs; /* what XDG variables name of the user's: the same */
        HostPath *paths;      /* the working directory, and what host_probe_paths() was asked for */
        size_t n_paths;
        bool is_root;                        /* uid 0 of this user namespace */
        unsigned kernel_major, kernel_minor; /* for people: what it can do is asked by calls; 0: not known */
        HostUserns userns;
        bool has_clone3, has_openat2,
                has_mount_setattr; /* in the kernel, and refused by no filter around us */
        SubRanges subuids, subgids;
        char *newuidmap, *newgidmap; /* absolute paths, NULL when missing */
        HostHelper newuidmap_state, newgidmap_state;
        char *fuse_overlayfs; /* absolute path or NULL */
        HostDevice fuse_device, tun_device;
        char *helpers_dir;      /* where kurung's own helpers are looked for; NULL: not known */
        char *net_helper;       /* kurung-net: absolute path, or NULL */
        bool kernel_overlay;    /* overlayfs is there and may be mounted in a user namespace */
        bool tmpfs_user_xattrs; /* an overlay's upper may be on a tmpfs */
        int landlock_abi;       /* 0: none */
        bool seccomp;
        bool nested;          /* in a user namespace already (/proc/self/uid_map is not the whole range) */
        bool ranges_unmapped; /* of one's ranges some are not in that namespace, and were left out */
        bool proc_visible, sys_visible; /* a fresh one may be mounted: no mount hides a part of the host's
                                           (mount_too_revealing) */
        HostMount *mounts;
        size_t n_mounts;
        HostEntry *top; /* entries of "/", sorted by name */
        size_t n_top;
        char *resolv_conf;   /* what /etc/resolv.conf resolves to; NULL: nothing */
        HostSources sources; /* what AllowFrom= stands for; only when host_probe_sources() was asked */
        HostLimits limits;
        uint64_t memory;                             /* bytes of the machine; 0: not known */
        uint64_t inotify_instances, inotify_watches; /* user.max_inotify_*: for each user; 0: not known */
} Host;

/**
 * host_probe - fill @ret from this machine and the caller's environment. host_clear() frees it.
 *
 * Runs at every start: no program, and no library but libsubid where nsswitch.conf(5) names another source of
 * subordinate ids than the files. Returns 0 or -errno with @err; @ret is untouched on failure.
 */
int host_probe(Host *ret, Error *err);

/**
 * host_probe_at - the same, with a directory in the place of "/": for tests on made-up machines.
 *
 * @root: stays the caller's. What belongs to the process and not to the machine is the caller's own all the
 *        same: ids, passwd entry, environment, home, working and cache directory, and what system calls do.
 */
int host_probe_at(int root, Host *ret, Error *err);

/**
 * host_probe_limits - add what limits take: control groups, the user manager, disks. Asked only where
 * something has limits, as it costs a dozen system calls.
 *
 * @root: what stands for "/" (host_probe_at()). @paths: those whose disks are wanted, NULL-terminated.
 *
 * What is not found is left empty. 0 or -ENOMEM.
 */
int host_probe_limits(int root, Host *host, const char *const *paths);

/**
 * host_probe_paths - look up @paths (NULL-terminated), and hold what they lead to. What can't be found is
 * left out.
 *
 * 0, -ENOMEM, or -EMFILE where there are more than descriptors.
 */
int host_probe_paths(Host *host, const char *const *paths);

/**
 * host_probe_descriptor - look up what a descriptor of this process is by its name, and hold it.
 *
 * 0; -ENOENT where no name leads to it: it was removed, or belongs to another mount namespace; -ENOMEM or
 * -EMFILE.
 */
int host_probe_descriptor(Host *host, int fd);

struct Spec;

/**
 * host_probe_ops - look up everything that the operations of @spec take from the host: each path (source,
 * lowers, upper and work directory), each hidden path, and each descriptor whose file is shown. What cannot
 * be found is left out; the plan decides what that means.
 *
 * Returns 0; -ENOMEM; -EMFILE if there are more files than descriptors.
 */
int host_probe_ops(Host *host, const struct Spec *spec);

/** host_find_descriptor - what was found for a descriptor; NULL: nothing. The host's. */
const HostPath *host_find_descriptor(const Host *host, int fd);

/** host_find_path - what was found for @path as it was spelled; NULL: nothing. The host's. */
const HostPath *host_find_path(const Host *host, const char *path);

/**
 * host_take_cwd - put another directory in the place of the working directory.
 *
 * @path: absolute, without symbolic links; else -ELOOP.
 *
 * 0 or -errno of openat2(2); the host is untouched then.
 */
int host_take_cwd(Host *host, const char *path);

/** host_probe_sources - add what AllowFrom= of @tools stands for. 0 or -errno with @err. */
int host_probe_sources(Host *host, const StrList *tools, const char *(*get_variable)(const char *),
                       Error *err);

/** host_missing_call - the name of a system call that nothing runs without and that fails here; NULL: all
 * are there. */
const char *host_missing_call(const Host *host);

void host_clear(Host *host);

/**
 * host_home - the user's home directory, clean: $HOME where that is a directory, else the one that passwd(5)
 * names. @ret: owned; NULL when there is none. 0 or -ENOMEM.
 */
int host_home(char **ret);

/**
 * host_state_home - $XDG_STATE_HOME/kurung, else @home/.local/state/kurung; owned. NULL when there is
 * neither, or no memory. Nothing is made.
 */
char *host_state_home(const char *home);

/**
 * host_live_home - $XDG_RUNTIME_DIR/kurung when that directory is the user's own, else @state_home/running;
 * owned. NULL when there is neither, or no memory. Nothing is made.
 */
char *host_live_home(const char *state_home);

/**
 * host_parse_mountinfo - parse the text of /proc/PID/mountinfo. Hostile input is refused whole (-EINVAL).
 *
 * @ret, @ret_n: owned by the caller, host_free_mounts().
 */
int host_parse_mountinfo(const char *text, HostMount **ret, size_t *ret_n);
void host_free_mounts(HostMount *mounts, size_t n);

/**
 * host_is_fully_visible - whether a new procfs or sysfs may be mounted in a user namespace: a mount may show
 * no more than one of its kind that can be seen whole already, nor be writable where that one is not.
 *
 * @mounts: in the order of mountinfo. @fstype: "proc" or "sysfs". @writable: the new mount is to be writable.
 *
 * As mount_too_revealing() and mnt_already_visible() in the kernel's fs/namespace.c.
 */
bool host_is_fully_visible(const HostMount *mounts, size_t n, const char *fstype, bool writable);

/**
 * host_parse_subid - the ranges of @user or @uid in the text of /etc/subuid or /etc/subgid, as shadow reads
 * it: lines "NAME-OR-UID:START:COUNT"; comments, other users' and malformed lines are passed over (shadow
 * does so, too); several lines add up; ranges that wrap 32 bits or have no ids are passed over.
 *
 * Returns 0; never more than HOST_RANGES_MAX.
 */
int host_parse_subid(const char *text, const char *user, uid_t uid, SubRanges *ret);

/**
 * host_keep_mapped - leave out of @ranges those that are not wholly in the text of a /proc/PID/uid_map or
 * gid_map: of others nobody in that user namespace can map any (user_namespaces(7)).
 *
 * Returns whether one was left out. A malformed map has no ids.
 */
bool host_keep_mapped(const char *map, SubRanges *ranges);

/**
 * host_subid_is_in_files - whether the text of /etc/nsswitch.conf leaves subordinate ids to /etc/subuid and
 * /etc/subgid: no "subid:" line that names something, or the first that does begins with "files". As
 * shadow's lib/nss.c reads it.
 */
bool host_subid_is_in_files(const char *text);
