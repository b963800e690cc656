/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: a spec resolved against host facts. plan_make() is pure; after it there is only "const Plan *".
 */
#pragma once

#include "plan/host.h"
#include "spec/net_publish.h"
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
 * One step that makes the root; they are done in their order by mech/rootfs. The first one has dest "/" and
 * makes the root itself (TMPFS, BIND, OVERLAY or FUSE).
 */
typedef FsOp PlanOp;

/** Where the run's control groups are made. */
typedef enum PlanCgroup {
        CGROUP_NONE,
        CGROUP_DELEGATED, /* below a group that we may write to */
        CGROUP_SCOPE,     /* a scope of the systemd user manager, handed over to us */
} PlanCgroup;

/** One file to be written in a control group. */
typedef struct PlanLimit {
        KeyId key;
        const char *controller; /* "memory"; static */
        const char *file;       /* "memory.max"; static */
        char *value;            /* what is written */
        uint64_t number;        /* the limit as a number, for what is told of it */
        bool outer; /* a share: on the group that holds all of the run's, as shares count among neighbours */
        bool asked; /* else a default: where it can't be had, it is given up */
        char *origin; /* whose wish it was */
} PlanLimit;

/** Which namespaces the payload is in; the others are the caller's (namespaces(7)). */
typedef struct PlanNamespaces {
        uint64_t created; /* CLONE_NEW* flags: made for the sandbox */
        bool join_user;   /* user_fd is entered */
        unsigned joined;  /* bit NS_*: fds[NS_*] is entered */
        int user_fd, fds[NS_MAX];
        bool no_user_namespaces; /* none can be made by the payload */
} PlanNamespaces;

/** Who the payload is: what the id maps are made of (user_namespaces(7)). */
typedef struct PlanIdentity {
        uid_t host_uid;
        gid_t host_gid;
        uid_t uid; /* inside */
        gid_t gid;
        IdMap uid_map, gid_map; /* empty: the user namespace is none of ours, and has its maps */
        bool ids_stay;          /* the payload has the ids that its user namespace shows for the caller's */
        bool map_by_helpers;    /* newuidmap, newgidmap; else the one-line map by ourselves */
        char *newuidmap, *newgidmap;
        bool payload_userns; /* the payload has a user namespace below that one, with the same ids */
        gid_t *groups;       /* supplementary, inside */
        size_t n_groups;
} PlanIdentity;

/** The root file system, and where the payload starts in it. */
typedef struct PlanRoot {
        OverlayEngine engine; /* never OVERLAY_AUTO */
        char *fuse_overlayfs; /* with OVERLAY_FUSE */
        PlanOp *ops;
        size_t n_ops;
        FsPropagation
                propagation; /* of the host's mounts: PRIVATE, or SLAVE: those that it makes later are seen */
        char *files_dir;     /* inside: where FILE operations keep their files; NULL: out of sight */
        uint64_t uppers_size; /* of the tmpfs with uppers in memory: bytes, 0: the kernel's default */
        bool needs_run_dir;   /* an op has a layer */
        bool foreign;         /* not the host's own: its loader and libraries are the attacker's */
} PlanRoot;

/** Where kurung keeps what it writes on the host. */
typedef struct PlanStorage {
        bool stateless;   /* nothing of the sandbox is kept or remembered; the paths are NULL */
        char *state_dir;  /* where run directories and caches are kept (Host.cache_home) */
        char *runs_dir;   /* where the run's own directory is made: state_dir, or that of kept sandboxes */
        bool keep;        /* the run's directory outlives it */
        bool resume;      /* its layers are there already: those of a kept sandbox */
        StrList own_dirs; /* of kurung's own: these are made before anything is shown, 0700 */
        char *live_dir;   /* where running sandboxes are recorded (Host.live_home); NULL: nowhere */
        char *home_name;  /* Home=persist:NAME, whose directory is made in homes_dir; NULL: none */
        char *homes_dir;
} PlanStorage;

/** Limits: of control groups, and those that hold without any. */
typedef struct PlanResources {
        PlanCgroup cgroup;
        char *cgroup_base;    /* CGROUP_DELEGATED: the group in which ours are made */
        bool cgroup_leave;    /* CGROUP_DELEGATED: we are in it, and have to leave it first */
        char *user_manager;   /* CGROUP_SCOPE: its socket */
        bool cgroup_writable; /* Delegate=yes */
        PlanLimit *limits;
        size_t n_limits;
        uint64_t runtime_max_us; /* 0: no limit */
        uint64_t weak_tasks_max; /* per user id (RLIMIT_NPROC), where no group can hold it; 0: none */
        uint64_t inotify_instances, inotify_watches; /* for each id inside; 0: not limited */
        uint64_t disk_max, disk_inodes_max;          /* that the sandbox may hold on the disk; 0: no limit */
        uint64_t disk_keep_free;    /* bytes that the disk keeps free; UINT64_MAX: the default */
        unsigned disk_keep_percent; /* the same, of the disk's size; 0: not said so */
        bool keep_user_limits; /* what the kernel counts for each user is not shared with those outside */
        bool first_to_die;     /* when the machine runs out of memory: where no group can hold it */
        SpecRlimit *rlimits;   /* in the place of kurung's own of the same resource */
        size_t n_rlimits;
        bool has_oom_score_adj;
        int oom_score_adj;
} PlanResources;

/** The network; all but the mode with NETWORK_SLIRP only: what the net helper is told. */
typedef struct PlanNetwork {
        NetworkMode mode;
        char *helper;        /* absolute path of kurung-net */
        StrList allow, deny; /* as net_rule_print() spells them; with what AllowFrom= brought */
        StrList allow_from;  /* "TOOL RULE PLACE": where a rule of "allow" comes from, for people */
        bool has_list;       /* only what "allow" names, even if that is nothing */
        bool allow_private;
        bool check_sni;
        uint16_t loopback_ports[NET_LOOPBACK_PORTS_MAX];
        size_t n_loopback_ports;
        NetPublish publish[NET_PUBLISH_MAX];
        size_t n_publish;
        uint64_t rate_up, rate_down; /* bytes a second, 0: no limit */
} PlanNetwork;

/** What the payload may do. */
typedef struct PlanPrivileges {
        uint64_t capabilities;          /* that the payload has once it is executed */
        CapabilitySets capability_sets; /* from which exec makes them */
        bool capability_sets_given;     /* else they follow from the former; and exec has its usual rules */
        bool no_new_privileges;
        bool filters_given; /* those of filter_fds, in the place of all that follows of seccomp */
        int *filter_fds;    /* the caller's */
        size_t n_filter_fds;
        SeccompKind seccomp;
        char *seccomp_file;
        StrList architectures;
        bool host_writable;  /* what the payload writes may be seen by other users: no set-user-ID bits */
        bool landlock_scope; /* keep abstract sockets and signals inside (shared network, ABI >= 6) */
} PlanPrivileges;

/** What is executed. */
typedef struct PlanPayload {
        InitMode init;
        bool die_with_parent; /* INIT_PAYLOAD: killed when the supervisor ends */
        bool detached;        /* it waits for run_start() */
        int start_socket;     /* where that connects to */
        TerminalMode terminal;
        int terminal_socket; /* TERMINAL_SOCKET: where the pty's master is sent */
        StrList argv;
        StrList env;     /* complete */
        char *cwd;       /* inside */
        char *host_name; /* NULL: the sandbox's name */
        char *program;   /* what is executed; NULL: the first of argv */
        bool has_umask;  /* else the caller's */
        mode_t umask;
        int *kept_fds; /* the caller's: the payload has them under the same numbers */
        size_t n_kept_fds;
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
        StrList notices;      /* what a default gave up on this host: one line each, shown unless -q */
        StrList notices_once; /* the same, but of what stays so: not shown at every start */
} Plan;

/** A layer of a kept sandbox. */
typedef struct PlanLayer {
        FsOpKind kind;           /* OP_OVERLAY, OP_FUSE or OP_SCRATCH */
        const char *name, *dest; /* as PlanOp.layer, PlanOp.dest */
        const char *lower;       /* as PlanOp.source; NULL with OP_SCRATCH */
} PlanLayer;

/** The kept sandbox in which a plan goes on; borrowed. */
typedef struct PlanKept {
        const char *name; /* for errors */
        const PlanIdentity *identity;
        const PlanLayer *layers;
        size_t n_layers;
} PlanKept;

/**
 * plan_make - resolve @spec against @host.
 *
 * @kept: the sandbox that is resumed; NULL: a new one. The plan has its id maps, and each of its layers that
 * outlive a run is one of the kept ones, or it is refused (-ESTALE): else changes would be out of sight, or
 * belong to another id.
 * @environ_list: the caller's environment as environ(7), for what Pass= names.
 * @ret: plan_clear() frees it; untouched on failure.
 *
 * Returns 0; -EPERM, -EINVAL, -ENOTSUP... with @err where what was asked for cannot be had here.
 */
int plan_make(const Spec *spec, const Host *host, const PlanKept *kept, const char *const *environ_list,
              Plan *ret, Error *err);

/**
 * plan_make_identity - only the ids of such a plan, with which what sandboxes of @spec left can be removed.
 *
 * @ret: plan_identity_clear() frees it. The rest is as with plan_make().
 */
int plan_make_identity(const Spec *spec, const Host *host, PlanIdentity *ret, Error *err);

/** Room for the path of a layer's directory. */
#define PLAN_LAYER_PATH_MAX 64

/**
 * plan_layer_path - where a layer's directory lies below a run's: "upper-NAME" and "work-NAME", or with @fuse
 * "fuse-NAME/upper" and "fuse-NAME/work": fuse-overlayfs renames from one to the other, so that both have to
 * be in one mount, with nothing else.
 *
 * @side: "upper" or "work", or NULL for what holds both with @fuse.
 *
 * Returns @out.
 */
const char *plan_layer_path(bool fuse, const char *name, const char *side, char out[PLAN_LAYER_PATH_MAX]);

void plan_clear(Plan *plan);

/**
 * plan_set_capabilities - the sets of a payload that is to have @capabilities once it is executed as @uid:
 * root by the bounding set, another user by the ambient one, too. Root inherits none: programs with file
 * capabilities would gain them (CVE-2022-24769).
 */
void plan_set_capabilities(PlanPrivileges *privileges, uint64_t capabilities, uid_t uid);

/* Those of the parts that records hold, too; legal on zeroed ones. */
void plan_identity_clear(PlanIdentity *identity);
void plan_privileges_clear(PlanPrivileges *privileges);
void plan_payload_clear(PlanPayload *payload);

/* Copies of them, as far as a further command in the sandbox has a use for it: without descriptors of the
 * caller's, and what else is of the first payload alone. @to is cleared by its owner, on failure, too. 0 or
 * -ENOMEM. */
int plan_identity_copy(const PlanIdentity *from, PlanIdentity *to);
int plan_privileges_copy(const PlanPrivileges *from, PlanPrivileges *to);
int plan_payload_copy(const PlanPayload *from, PlanPayload *to);
