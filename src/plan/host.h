/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host facts: the abilities of this machine, probed once, as plain data. Tests fill in the facts by hand;
 * after the probe, nothing asks the machine again.
 */
#pragma once

#include "base/error.h"
#include "base/lookup.h"
#include "base/path_map.h"
#include "base/project.h"
#include "base/strlist.h"
#include "plan/sources.h"

#include <sys/types.h>

/** One mount of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
typedef struct HostMount {
        char *target; /* unescaped, absolute */
        char *root;   /* root of the mount in its file system */
        char *fstype;
        bool read_only;
        char *source;    /* "/dev/sda1"; NULL: none */
        bool nsdelegate; /* cgroup2: a cgroup namespace is a delegation boundary (cgroups(7)) */
} HostMount;

/** One line of /etc/subuid or /etc/subgid that applies to the user (subuid(5)). */
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
        char *target; /* HOST_SYMLINK: the result of readlink(2) */
} HostEntry;

typedef enum HostDevice { HOST_DEVICE_OK, HOST_DEVICE_MISSING, HOST_DEVICE_CLOSED } HostDevice;

/** The reason why no user namespace can be created. Each has its own remedy. */
typedef enum HostUserns {
        HOST_USERNS_OK,
        HOST_USERNS_SYSCTL,   /* kernel.unprivileged_userns_clone = 0 (Debian) */
        HOST_USERNS_COUNT,    /* user.max_user_namespaces = 0 */
        HOST_USERNS_APPARMOR, /* kernel.apparmor_restrict_unprivileged_userns = 1 and no profile for kurung */
        HOST_USERNS_ABSENT,   /* the kernel has no /proc/self/ns/user */
} HostUserns;

typedef enum HostIdmap {
        HOST_IDMAP_OK,
        HOST_IDMAP_MISSING,
        HOST_IDMAP_UNPRIVILEGED, /* it exists without a set-user-ID bit or file capability */
        /* It has one, which the kernel ignores: */
        HOST_IDMAP_NO_NEW_PRIVS, /* for this process (PR_SET_NO_NEW_PRIVS, prctl(2)) */
        HOST_IDMAP_NOSUID,       /* on this mount (MS_NOSUID, mount(2)) */
        HOST_IDMAP_BOUNDED,      /* the bounding set lacks the capabilities that it needs (capabilities(7)) */
} HostIdmap;

/** The version of the control groups in /sys/fs/cgroup. */
typedef enum HostCgroupVersion {
        HOST_CGROUP_ABSENT,
        HOST_CGROUP_V1,
        HOST_CGROUP_HYBRID, /* version 1, with an empty version 2 beside it */
        HOST_CGROUP_V2,
} HostCgroupVersion;

/** The disk that holds a path. */
typedef struct HostDisk {
        char *path;
        int errnum; /* why the disk is unknown: the error of stat(2); ENODEV: the file system has no disk of
                       its own */
        unsigned major, minor;
} HostDisk;

/** The facts that resource limits require; filled by host_probe_limits(). */
typedef struct HostLimits {
        HostCgroupVersion version;
        bool nsdelegate;
        char *own;        /* directory of kurung's own control group; NULL: unknown */
        char *base;       /* a delegated group, in which kurung may create groups; NULL: none */
        bool base_is_own; /* kurung is alone in base and must leave it first: a group with processes cannot
                             limit the groups below (cgroups(7), "no internal processes") */
        StrList base_controllers;
        char *manager; /* socket of the systemd user manager; NULL: none */
        StrList manager_controllers;
        uint64_t memory; /* maximum in bytes: that of the machine, or of a container */
        uint64_t tasks;  /* maximum number of tasks, likewise */
        HostDisk *disks; /* one per requested path */
        size_t n_disks;
} HostLimits;

/** A path, looked up once. */
typedef struct HostPath {
        char *path; /* the requested path, normalized; "descriptor N" for a descriptor */
        Lookup found;
} HostPath;

/** Directories in Host.state_home: kept sandboxes; kept homes; records of running sandboxes, if there is no
 * runtime directory. */
#define KEPT_DIR "kept"
#define HOMES_DIR "homes"
#define LIVE_DIR "running"

/** A directory of the host that is empty inside, but exists. */
typedef struct HostDirectory {
        char *path;
        unsigned mode;
        uid_t uid;
        gid_t gid;
} HostDirectory;

/** The image of Root=, found in the image store; facts about its layers and its configuration. */
typedef struct HostImage {
        char *name;        /* as the user named it, for messages; NULL: there is none */
        StrList layers;    /* directories, topmost first */
        StrList env;       /* NAME=VALUE */
        char *working_dir; /* absolute; NULL: none */
        StrList ports;     /* "80/tcp" */
        bool runs_own;     /* the command is that of the image */
        int *held;         /* descriptors with the locks of the layers */
        size_t n_held;
} HostImage;

typedef struct Host {
        uid_t uid;
        gid_t gid;
        unsigned groups_n; /* number of the caller's supplementary groups */
        char *user;        /* login name; NULL: unknown */
        char *home;        /* $HOME, otherwise that of passwd(5); NULL: none, or not an existing directory */
        char *shell;       /* that of passwd(5), or "/bin/sh" */
        char *hostname;    /* gethostname(2); NULL: none */
        char *cwd;         /* normalized; NULL: it was deleted */
        char *cwd_named;   /* the name by which the caller went there: $PWD; NULL: unknown */
        bool has_around;   /* @around was found */
        Project around;    /* the project of the working directory; host_find_around() */
        char *project; /* the repository that contains the working directory; NULL: none, or it is the working
                          directory; only after host_probe_project() */
        char *git_dir; /* git's directory of the repository that the working directory is in: ".git" of it or
                          of the repository of its worktree; NULL: none, or in a place of its own that does
                          not name the worktree */
        HostDirectory *skeleton; /* sorted by path; only after host_probe_skeleton() */
        size_t n_skeleton;
        StrList by_group; /* shared paths to which only a supplementary group gives access; only after
                             host_probe_groups() */
        StrList names;    /* pairs: a path with links, and the directory without links at or in the project to
                             which it leads; only after host_probe_names() */
        char *cache_home; /* directory of run directories and caches: $XDG_CACHE_HOME/kurung, ~/.cache/kurung,
                             ...; NULL: none */
        char *state_home; /* directory of kept sandboxes: $XDG_STATE_HOME/kurung, ~/.local/state/kurung; NULL:
                             none */
        char *config_home; /* directory of the user's profiles: $XDG_CONFIG_HOME/kurung, ~/.config/kurung;
                              NULL: none */
        char *live_home;   /* directory of records of running sandboxes: $XDG_RUNTIME_DIR/kurung, otherwise
                              state_home/running; NULL: none */
        char *data_home;   /* directory of images: $XDG_DATA_HOME/kurung, ~/.local/share/kurung; NULL: none */
        StrList own_real;  /* pairs for those of these five whose path has links: the path, the path without
                              links */
        StrList homes;     /* the home directories of $HOME and passwd(5), as spelled and without links */
        StrList private_dirs; /* the user's directories in XDG variables, as spelled and without links */
        HostPath *paths;      /* the working directory, and the paths of host_probe_paths() */
        size_t n_paths;
        PathMap by_path, by_real; /* of HostPath.path, and of its path without links: the index in @paths.
                                     Facts that are filled in by hand need none. */
        bool is_root;             /* uid 0 of this user namespace */
        unsigned kernel_major, kernel_minor; /* for display only, because system calls show what the kernel
                                                can do; 0: unknown */
        HostUserns userns;
        bool has_clone3, has_openat2,
                has_mount_setattr; /* the kernel has it, and no filter around kurung refuses it */
        SubRanges subuids, subgids;
        char *newuidmap, *newgidmap; /* absolute paths; NULL: missing */
        HostIdmap newuidmap_state, newgidmap_state;
        char *fuse_overlayfs; /* absolute path; NULL: missing */
        HostDevice fuse_device, tun_device;
        char *helpers_dir;      /* directory of kurung's own helpers; NULL: unknown */
        char *net_helper;       /* absolute path of kurung-net; NULL: missing */
        char *view_helper;      /* the same of kurung-view */
        bool kernel_overlay;    /* overlayfs exists, and a user namespace may mount it */
        bool tmpfs_user_xattrs; /* the upper of an overlay may be on a tmpfs */
        int landlock_abi;       /* 0: none */
        bool seccomp;
        bool nested;          /* inside a user namespace (/proc/self/uid_map is not the whole range) */
        bool ranges_unmapped; /* some ranges of the user are not mapped in that namespace, and were dropped */
        bool proc_visible, sys_visible; /* a new one may be mounted: no mount hides a part of the host's
                                           (mount_too_revealing) */
        HostMount *mounts;
        size_t n_mounts;
        HostEntry *top; /* entries of "/", sorted by name */
        size_t n_top;
        char *resolv_conf;   /* target of /etc/resolv.conf; NULL: none */
        HostImage image;     /* filled in for a root that is an image */
        HostSources sources; /* results for AllowFrom=; only after host_probe_sources() */
        HostLimits limits;
        uint64_t memory;                             /* memory of the machine in bytes; 0: unknown */
        uint64_t inotify_instances, inotify_watches; /* user.max_inotify_*, per user; 0: unknown */
} Host;

/** Facts that only some plans need. Without them, the host seems to lack what they are about. */
#define HOST_FACT_IDS 1U     /* subordinate ids, and the programs that map them */
#define HOST_FACT_NETWORK 2U /* the net helper and its device */
#define HOST_FACTS_ALL 3U

/**
 * host_probe_user - fill @ret with the facts of the caller: account, home, working directory, directories of
 * kurung. They suffice to read profiles. host_clear() frees it. Returns 0 or -errno with @err; @ret is
 * untouched on failure.
 */
int host_probe_user(Host *ret, Error *err);

/**
 * host_probe_machine - add the facts of the machine to those of host_probe_user().
 *
 * @root: stands for "/". @facts: HOST_FACT_..., of those that not every plan needs.
 *
 * Returns 0 or -errno with @err.
 */
int host_probe_machine(int root, Host *host, unsigned facts, Error *err);

/**
 * host_probe - fill @ret from this machine and the caller's environment, with all facts. host_clear() frees
 * it.
 *
 * Runs at every start. It executes no program, and loads only libsubid, and that only if nsswitch.conf(5)
 * names another source of subordinate ids than the files. Returns 0 or -errno with @err; @ret is untouched on
 * failure.
 */
int host_probe(Host *ret, Error *err);

/**
 * host_probe_given - fill @ret with the few facts that the plan of a front end needs which lists everything
 * itself (SpecExecution.as_given): ids, and for root whether it is in a user namespace. What the kernel lacks
 * or refuses is an error of the start. Returns 0 or -errno with @err; @ret is untouched on failure.
 */
int host_probe_given(Host *ret, Error *err);

/**
 * host_probe_at - like host_probe(), with another directory in place of "/", for tests on invented machines.
 *
 * @root: borrowed. Facts of the process still come from the caller: ids, passwd entry, environment, home,
 * working and cache directory, and the results of system calls.
 */
int host_probe_at(int root, Host *ret, Error *err);

/**
 * host_probe_limits - add the facts that limits require: control groups, the user manager, disks. Called only
 * if the spec has limits, because it takes a dozen system calls.
 *
 * @root: stands for "/" (host_probe_at()). @paths: paths whose disks are needed, NULL-terminated.
 *
 * Facts that cannot be found stay empty. Returns 0 or -ENOMEM.
 */
int host_probe_limits(int root, Host *host, const char *const *paths);

/**
 * host_probe_paths - look up @paths (NULL-terminated) and hold their files. Paths that cannot be found are
 * skipped.
 *
 * Returns 0; -ENOMEM; -EMFILE if there are more files than descriptors.
 */
int host_probe_paths(Host *host, const char *const *paths);

/**
 * host_probe_descriptor - find the path of a descriptor's file, and hold the file.
 *
 * Returns 0; -ENOENT if no path leads to the file, because it was removed or belongs to another mount
 * namespace; -ENOMEM; -EMFILE.
 */
int host_probe_descriptor(Host *host, int fd);

struct Spec;

/**
 * host_probe_ops - look up everything that the operations of @spec need from the host: each path (source,
 * lowers, upper and work directory), each hidden path, and each descriptor whose file is shown. Paths that
 * cannot be found are skipped; the plan decides about the consequence.
 *
 * Returns 0; -ENOMEM; -EMFILE if there are more files than descriptors.
 */
int host_probe_ops(Host *host, const struct Spec *spec);

/** host_find_descriptor - return the result for a descriptor, borrowed from @host; NULL: none. */
const HostPath *host_find_descriptor(const Host *host, int fd);

/** host_find_path - return the result for @path as it was spelled, borrowed from @host; NULL: none. */
const HostPath *host_find_path(const Host *host, const char *path);

/** host_find_real - return the first result whose path without links is @path, borrowed from @host; NULL:
 * none. */
const HostPath *host_find_real(const Host *host, const char *path);

/**
 * host_take_cwd - replace the working directory of @host; it is known by this path alone.
 *
 * @path: absolute, without symbolic links; otherwise -ELOOP.
 *
 * Returns 0 or -errno of openat2(2); then @host is untouched.
 */
int host_take_cwd(Host *host, const char *path);

/** host_probe_sources - add the hosts and variables for AllowFrom= of @tools. Returns 0 or -errno with
 * @err. */
int host_probe_sources(Host *host, const StrList *tools, const char *(*get_variable)(const char *),
                       Error *err);

/** host_find_around - return the project of the working directory, which is looked up at the first call. */
const Project *host_find_around(Host *host);

/**
 * host_probe_project - find the project of the working directory (base/project.h), and the repository of its
 * git worktree if that names the worktree as its own, and hold both. Returns 0; -ENOMEM; -EMFILE.
 */
int host_probe_project(Host *host);

/**
 * host_probe_names - find other names of the working directory and its project: that by which the caller went
 * there, that below a $HOME with links, and those of absolute paths in @words, a command line. After
 * host_probe_project(). Returns 0 or -ENOMEM.
 */
int host_probe_names(Host *host, const StrList *words);

/**
 * host_probe_skeleton - list the directories of installed packages in /run, /run/lock, /var/log and
 * /var/spool. For root inside. Returns 0 or -ENOMEM.
 */
int host_probe_skeleton(Host *host);

/**
 * host_probe_groups - find those of the paths that were looked up, and of the directories above the working
 * directory, to which the user has access only by a supplementary group.
 *
 * @with_cwd: the working directory is shown. Returns 0 or -ENOMEM.
 */
int host_probe_groups(Host *host, bool with_cwd);

/** host_missing_call - return the name of an indispensable system call that fails here; NULL: none. */
const char *host_missing_call(const Host *host);

/** host_is_inside_kurung - return whether this process is in a sandbox of kurung, whose filter refuses new
 * namespaces. */
bool host_is_inside_kurung(const Host *host);

void host_clear(Host *host);

/**
 * host_home - find the user's home directory, normalized: $HOME if it is a directory, otherwise that of
 * passwd(5). @ret: owned; NULL: none. Returns 0 or -ENOMEM.
 */
int host_home(char **ret);

/**
 * host_state_home - return $XDG_STATE_HOME/kurung, otherwise @home/.local/state/kurung; owned. NULL: neither
 * is set, or no memory. Creates nothing.
 */
char *host_state_home(const char *home);

/** host_data_home - like host_state_home(): $XDG_DATA_HOME/kurung, otherwise @home/.local/share/kurung. */
char *host_data_home(const char *home);

/**
 * host_live_home - return $XDG_RUNTIME_DIR/kurung if that directory belongs to the user, otherwise
 * @state_home/running; owned. NULL: neither exists, or no memory. Creates nothing.
 */
char *host_live_home(const char *state_home);

/**
 * host_parse_mountinfo - parse the text of /proc/PID/mountinfo. A malformed line makes the whole text invalid
 * (-EINVAL).
 *
 * @ret, @ret_n: owned by the caller; host_free_mounts() frees them.
 */
int host_parse_mountinfo(const char *text, HostMount **ret, size_t *ret_n);
void host_free_mounts(HostMount *mounts, size_t n);

/**
 * host_is_fully_visible - return whether a new procfs or sysfs may be mounted in a user namespace: the new
 * mount must not show more than an existing one that is fully visible, and must not be writable if that one
 * is read-only.
 *
 * @mounts: in the order of mountinfo. @fstype: "proc" or "sysfs". @writable: the new mount is writable.
 *
 * Like mount_too_revealing() and mnt_already_visible() in the kernel's fs/namespace.c.
 */
bool host_is_fully_visible(const HostMount *mounts, size_t n, const char *fstype, bool writable);

/**
 * host_parse_subid - find the ranges of @user or @uid in the text of /etc/subuid or /etc/subgid, like shadow:
 * lines "NAME-OR-UID:START:COUNT". Comments, lines of other users and malformed lines are skipped (as shadow
 * does); several lines add up; ranges that exceed 32 bits or have no ids are skipped.
 *
 * Returns 0; at most HOST_RANGES_MAX ranges.
 */
int host_parse_subid(const char *text, const char *user, uid_t uid, SubRanges *ret);

/**
 * host_keep_mapped - drop those of @ranges that are not completely inside the text of a /proc/PID/uid_map or
 * gid_map: in that user namespace nobody can map their ids (user_namespaces(7)).
 *
 * Returns whether a range was dropped. A malformed map has no ids.
 */
bool host_keep_mapped(const char *map, SubRanges *ranges);

/**
 * host_subid_is_in_files - return whether the text of /etc/nsswitch.conf leaves subordinate ids to
 * /etc/subuid and /etc/subgid: it has no "subid:" line with a source, or the first such line begins with
 * "files". Like shadow's lib/nss.c.
 */
bool host_subid_is_in_files(const char *text);
