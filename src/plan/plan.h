/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: a spec resolved against host facts. plan_make() is pure; afterwards there is only "const Plan *".
 */
#pragma once

#include "plan/host.h"
#include "spec/net_access.h"
#include "spec/spec.h"

typedef struct IdRange {
        uint32_t inside;
        uint32_t outside;
        uint32_t count;
} IdRange;

#define PLAN_RANGES_MAX (HOST_RANGES_MAX + 3)

typedef struct IdMap {
        IdRange items[PLAN_RANGES_MAX];
        size_t n;
} IdMap;

/**
 * One step that builds the root; mech/rootfs executes the steps in order. The first one has dest "/" and
 * makes the root itself (TMPFS, BIND, OVERLAY, FUSE or FILESYSTEM); only a VIEW may precede it.
 */
typedef FsOp PlanOp;

/** The parent of the run's control groups. */
typedef enum PlanCgroup {
        CGROUP_NONE,
        CGROUP_DELEGATED, /* a group to which the user may write */
        CGROUP_SCOPE,     /* a scope of the systemd user manager, delegated to kurung */
} PlanCgroup;

/** One file to write in a control group. */
typedef struct PlanLimit {
        KeyId key;
        const char *controller; /* "memory"; static */
        const char *file;       /* "memory.max"; static */
        char *value;            /* text to write */
        uint64_t number;        /* the limit as a number, for messages */
        bool outer;   /* a weight: it is set on the group that contains all groups of the run, because weights
                         are compared among siblings */
        bool asked;   /* explicit; otherwise a default, which is dropped if it is not available */
        char *origin; /* the request, for errors */
} PlanLimit;

/** The payload's namespaces; all others are the caller's (namespaces(7)). */
typedef struct PlanNamespaces {
        uint64_t created; /* CLONE_NEW* flags: created for the sandbox */
        bool join_user;   /* join the namespace of user_fd */
        unsigned joined;  /* bits NS_*: join the namespace of fds[NS_*] */
        int user_fd, fds[NS_MAX];
        bool new_pid_below;      /* the pid namespace is created, below the one that is joined */
        bool no_user_namespaces; /* the payload cannot create any */
} PlanNamespaces;

/** The payload's ids, which determine the id maps (user_namespaces(7)). */
typedef struct PlanIdentity {
        uid_t host_uid;
        gid_t host_gid;
        uid_t uid; /* ids inside */
        gid_t gid;
        IdMap uid_map, gid_map; /* empty: the user namespace is not kurung's, and already has its maps */
        bool ids_stay;          /* the payload keeps the caller's ids, as its user namespace shows them */
        bool map_by_newuidmap;  /* with newuidmap and newgidmap; otherwise kurung writes a map of one line */
        char *newuidmap, *newgidmap;
        bool payload_userns; /* the payload has a user namespace below that one, with the same ids */
        gid_t *groups;       /* supplementary groups inside */
        size_t n_groups;
} PlanIdentity;

/** The root file system. */
typedef struct PlanRoot {
        OverlayEngine engine; /* never OVERLAY_AUTO */
        char *fuse_overlayfs; /* path of the program; OVERLAY_FUSE */
        char *view;           /* path of kurung-view; OVERLAY_VIEW */
        PlanOp *ops;
        size_t n_ops;
        FsPropagation propagation; /* of the host's mounts: PRIVATE, or SLAVE: later mounts of the host become
                                      visible */
        char *files_dir;      /* inside: directory of the files of FILE operations; NULL: no visible path */
        uint64_t uppers_size; /* size in bytes of the tmpfs with uppers and HOSTS in memory; 0: the kernel's
                                 default */
        bool needs_run_dir;   /* an operation has a layer on disk */
        bool foreign;         /* not the host's root: its loader and libraries are the attacker's */
} PlanRoot;

/** The directories of kurung on the host. */
typedef struct PlanStorage {
        bool stateless;   /* keep and record nothing of the sandbox; the paths are NULL */
        char *state_dir;  /* directory of run directories and caches (Host.cache_home) */
        char *runs_dir;   /* parent of the run directory: state_dir, or the directory of kept sandboxes */
        bool keep;        /* the run directory outlives the run */
        bool resume;      /* the layers already exist: those of a kept sandbox */
        StrList profiles; /* the names or files of the merged profiles, base first */
        StrList own_dirs; /* directories of kurung to create, with mode 0700, before anything is shown */
        char *live_dir;   /* directory of records of running sandboxes (Host.live_home); NULL: none */
        char *home_name;  /* NAME of Home=persist:NAME, which is created in homes_dir; NULL: none */
        char *homes_dir;
} PlanStorage;

/** Limits: those of control groups, and those that need none. */
typedef struct PlanResources {
        PlanCgroup cgroup;
        char *cgroup_base;    /* CGROUP_DELEGATED: parent of kurung's groups */
        bool cgroup_leave;    /* CGROUP_DELEGATED: kurung is in the parent, and must leave it first */
        char *user_manager;   /* CGROUP_SCOPE: socket of the manager */
        bool cgroup_writable; /* Delegate=yes */
        PlanLimit *limits;
        size_t n_limits;
        uint64_t runtime_max_us; /* 0: no limit */
        uint64_t weak_tasks_max; /* per user id (RLIMIT_NPROC), if no group can limit tasks; 0: no limit */
        uint64_t inotify_instances, inotify_watches; /* per id inside; 0: no limit */
        uint64_t disk_max, disk_inodes_max; /* maximum that the sandbox may use of the disk; 0: no limit */
        uint64_t disk_keep_free;            /* bytes of the disk to keep free; UINT64_MAX: the default */
        unsigned disk_keep_percent;         /* the same, in percent of the disk's size; 0: not set */
        bool keep_user_limits; /* keep the caller's limits of resources counted per user; otherwise a share of
                                  them */
        bool first_to_die;     /* when the machine runs out of memory, if no group can enforce MemoryMax= */
        SpecRlimit *rlimits;   /* each replaces kurung's own limit of the same resource */
        size_t n_rlimits;
        bool has_oom_score_adj;
        int oom_score_adj;
} PlanResources;

/** The network. Except for the mode, these are instructions to the net helper, with NETWORK_SLIRP only. */
typedef struct PlanNetwork {
        NetworkMode mode;
        char *helper; /* absolute path of kurung-net */
        NetAccess access;
        StrList allow_from; /* "TOOL RULE ORIGIN": the origin of a rule in access.allow, for people */
} PlanNetwork;

/** The payload's privileges. */
typedef struct PlanPrivileges {
        uint64_t capabilities; /* the payload's capabilities after exec */
        CapabilitySets
                capability_sets;    /* the sets before exec, from which the kernel computes those after it */
        bool capability_sets_given; /* otherwise they follow from capabilities; if given, the kernel's usual
                                       rules for exec apply */
        bool no_new_privileges;
        bool filters_given; /* use the filters of filter_fds, and ignore the following fields about seccomp */
        int *filter_fds;    /* borrowed from the caller */
        size_t n_filter_fds;
        SeccompKind seccomp;
        char *seccomp_file;
        StrList architectures;
        bool host_writable;  /* other users may see the payload's files: refuse set-user-ID bits */
        bool landlock_scope; /* keep abstract sockets and signals inside (shared network, ABI >= 6) */
} PlanPrivileges;

/** The command to execute. */
typedef struct PlanPayload {
        InitMode init;
        bool die_with_parent; /* INIT_PAYLOAD or independent: the kernel kills the payload when the supervisor
                                 exits */
        bool detached;        /* wait for run_start() */
        int start_socket;     /* the socket to which run_start() connects */
        TerminalMode terminal;
        int terminal_socket; /* TERMINAL_SOCKET: receives the pty's master */
        StrList argv;
        StrList env;        /* complete */
        char *cwd;          /* working directory inside */
        bool below_project; /* the working directory may be a mount in that of its project */
        char *host_name;    /* NULL: the sandbox's name */
        char *program;      /* path to execute; NULL: the first word of argv */
        bool has_umask;     /* otherwise the caller's umask */
        mode_t umask;
        int *kept_fds; /* borrowed from the caller: the payload has them under the same numbers */
        size_t n_kept_fds;
        bool independent; /* as in SpecExecution, from here on */
        bool waits, holds;
        int wait_fd, hold_fd;
        StrList lock_files;
        StrList cwds;
        bool cwd_required;
        bool check_no_user_namespaces;
} PlanPayload;

typedef struct Plan {
        PlanNamespaces namespaces;
        PlanIdentity identity;
        PlanRoot root;
        PlanStorage storage;
        PlanResources resources;
        PlanNetwork network;
        PlanPrivileges privileges;
        PlanPayload payload;
        StrList notices;      /* dropped defaults, one line each, shown unless -q */
        StrList notices_once; /* the same for permanent conditions: not shown at every start */
} Plan;

/** A layer of a kept sandbox. */
typedef struct PlanLayer {
        FsOpKind kind;           /* OP_OVERLAY, OP_FUSE or OP_SCRATCH */
        const char *name, *dest; /* like PlanOp.layer and PlanOp.dest */
        const char *lower;       /* like PlanOp.source; NULL with OP_SCRATCH, and if there are several */
        const StrList *image;    /* like PlanOp.lowers; empty: it has none */
} PlanLayer;

/** The kept sandbox that a plan resumes; borrowed. */
typedef struct PlanKept {
        const char *name; /* for errors */
        const PlanIdentity *identity;
        const PlanLayer *layers;
        size_t n_layers;
} PlanKept;

/** plan_shows - return whether the host's file at @path (absolute, normalized) is visible inside at the same
 * path, if the host has it and the payload may read it. */
bool plan_shows(const Plan *plan, const char *path);

/**
 * plan_make - resolve @spec against @host.
 *
 * @kept: the sandbox to resume; NULL: a new one. The plan gets its id maps. Each layer of the plan that
 * outlives a run must be one of its layers; otherwise the plan is refused (-ESTALE), because changes would be
 * invisible or belong to another id.
 * @environ_list: the caller's environment, like environ(7), for the names of Pass=.
 * @ret: plan_clear() frees it; untouched on failure.
 *
 * Returns 0; -EPERM, -EINVAL, -ENOTSUP... with @err if this machine cannot honour a request.
 */
int plan_make(const Spec *spec, const Host *host, const PlanKept *kept, const char *const *environ_list,
              Plan *ret, Error *err);

/**
 * plan_make_identity - make only the ids of such a plan, which suffice to remove files that sandboxes of
 * @spec left.
 *
 * @ret: plan_identity_clear() frees it. Everything else is like plan_make().
 */
int plan_make_identity(const Spec *spec, const Host *host, PlanIdentity *ret, Error *err);

/** plan_is_guard - return whether the operation shares nothing, because its source is missing, and keeps the
 * payload from creating it in a directory of the host (run/guard.c). */
static inline bool plan_is_guard(const PlanOp *op)
{
        return op->kind == OP_BIND && op->source_kind == FS_SOURCE_PATH && op->origin &&
               !op->source_id.known && (op->flags & (OP_OPTIONAL | OP_RDONLY)) == (OP_OPTIONAL | OP_RDONLY);
}

/** The size of a buffer for plan_layer_path(). */
#define PLAN_LAYER_PATH_MAX 64

/**
 * plan_layer_path - write the path of a layer's directory below the run directory: "upper-NAME" and
 * "work-NAME", or with @fuse "fuse-NAME/upper" and "fuse-NAME/work". fuse-overlayfs renames files from one to
 * the other, so both must be in one mount, which contains nothing else.
 *
 * @side: "upper" or "work"; NULL with @fuse: the directory that contains both.
 *
 * Returns @out.
 */
const char *plan_layer_path(bool fuse, const char *name, const char *side, char out[PLAN_LAYER_PATH_MAX]);

void plan_clear(Plan *plan);

/**
 * plan_set_capabilities - set the capabilities of a payload that has @capabilities after exec as @uid. Root
 * gets them from the bounding set, another user from the ambient set. Root has no inheritable capabilities:
 * programs with file capabilities would gain them (CVE-2022-24769).
 */
void plan_set_capabilities(PlanPrivileges *privileges, uint64_t capabilities, uid_t uid);

/* Free the parts of a plan that records contain, too; zeroed ones are legal. */
void plan_identity_clear(PlanIdentity *identity);
void plan_privileges_clear(PlanPrivileges *privileges);
void plan_payload_clear(PlanPayload *payload);

/* Copy these parts for another command in the sandbox, without the caller's descriptors and other properties
 * of the first payload. The owner of @to clears it, also on failure. Return 0 or -ENOMEM. */
int plan_identity_copy(const PlanIdentity *from, PlanIdentity *to);
int plan_privileges_copy(const PlanPrivileges *from, PlanPrivileges *to);
int plan_payload_copy(const PlanPayload *from, PlanPayload *to);
