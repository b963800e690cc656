/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user wants: profiles and command line merged. A Spec knows nothing of this host and starts
 * nothing. Every front end only fills one.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <sys/types.h>

typedef enum RootKind { ROOT_HOST, ROOT_DIR } RootKind;
typedef enum OverlayEngine { OVERLAY_AUTO, OVERLAY_FUSE, OVERLAY_KERNEL, OVERLAY_NONE } OverlayEngine;
typedef enum WorkDirMode { WORK_DIR_OVERLAY, WORK_DIR_RW, WORK_DIR_RO, WORK_DIR_HIDDEN } WorkDirMode;
typedef enum HomeMode { HOME_PRIVATE, HOME_HOST, HOME_PERSIST } HomeMode;
typedef enum RunAsKind { RUN_AS_SELF, RUN_AS_ROOT, RUN_AS_IDS } RunAsKind;
typedef enum IdMapMode { ID_MAP_AUTO, ID_MAP_SUBID, ID_MAP_SINGLE } IdMapMode;
typedef enum NetworkMode { NETWORK_NONE, NETWORK_SLIRP, NETWORK_HOST } NetworkMode;
typedef enum SeccompKind { SECCOMP_DEFAULT, SECCOMP_STRICT, SECCOMP_FILE } SeccompKind;

/** The identity of a key: index into the key table (spec/keys.h) and bit in Spec.asked. */
typedef enum KeyId {
        KEY_DESCRIPTION,
        KEY_EXTENDS,
        KEY_ROOT,
        KEY_OVERLAY,
        KEY_WORK_DIR,
        KEY_HOME,
        KEY_READ_ONLY,
        KEY_READ_WRITE,
        KEY_TMPFS,
        KEY_HIDE,
        KEY_SHOW,
        KEY_CHDIR,
        KEY_RUN_AS,
        KEY_ID_MAP,
        KEY_NETWORK_MODE,
        KEY_NETWORK_ALLOW,
        KEY_NETWORK_DENY,
        KEY_NETWORK_ALLOW_FROM,
        KEY_NETWORK_ALLOW_PRIVATE,
        KEY_NETWORK_HOST_LOOPBACK,
        KEY_NETWORK_PUBLISH,
        KEY_NETWORK_CHECK_SNI,
        KEY_MEMORY_MAX,
        KEY_MEMORY_HIGH,
        KEY_MEMORY_SWAP_MAX,
        KEY_CPU_QUOTA,
        KEY_CPU_WEIGHT,
        KEY_TASKS_MAX,
        KEY_IO_WEIGHT,
        KEY_RUNTIME_MAX_SEC,
        KEY_DISK_MAX,
        KEY_DISK_INODES_MAX,
        KEY_DISK_KEEP_FREE,
        KEY_IO_READ_BANDWIDTH_MAX,
        KEY_IO_WRITE_BANDWIDTH_MAX,
        KEY_NETWORK_BANDWIDTH_MAX,
        KEY_DELEGATE,
        KEY_SECCOMP,
        KEY_CAPABILITIES,
        KEY_NO_NEW_PRIVILEGES,
        KEY_ARCHITECTURES,
        KEY_PASS,
        KEY_SET,
        KEY_MAX,
} KeyId;

/** One operation on the file system, in the order in which the user gave them. */
typedef enum SpecOpKind {
        SPEC_OP_READ_ONLY,
        SPEC_OP_READ_WRITE,
        SPEC_OP_TMPFS,
        SPEC_OP_HIDE,
        SPEC_OP_SHOW, /* takes back a HIDE of the same path, or of one below it */
} SpecOpKind;

typedef struct SpecOp {
        SpecOpKind kind;
        char *source;  /* READ_ONLY, READ_WRITE: absolute, normalized host path; else NULL */
        char *dest;    /* absolute, normalized path in the sandbox */
        uint64_t size; /* TMPFS: bytes, 0: a share of the machine's memory */
        char *origin;  /* "FILE:LINE" or "--read-only", for errors that are found later */
} SpecOp;

/** What a limit says. */
typedef enum LimitUnit {
        LIMIT_UNSET,
        LIMIT_AMOUNT,   /* bytes, tasks, a weight, microseconds */
        LIMIT_PERCENT,  /* of the machine's; CPUQuota: of one processor */
        LIMIT_INFINITY, /* no limit, whatever a profile said before */
} LimitUnit;

/** One limit of [Resources]. */
typedef struct SpecLimit {
        LimitUnit unit;
        uint64_t value;
        bool installed; /* said by a profile that came with kurung: a default, which may be given up */
        char *origin;   /* as SpecOp.origin */
} SpecLimit;

/** The keys that hold one SpecLimit each, as a range of KeyId. */
#define SPEC_LIMIT_FIRST KEY_MEMORY_MAX
#define SPEC_LIMIT_LAST KEY_DISK_KEEP_FREE
#define SPEC_LIMITS (SPEC_LIMIT_LAST - SPEC_LIMIT_FIRST + 1)

/** A limit of what is read from or written to the disk that holds a path. */
typedef struct SpecIoLimit {
        KeyId key;      /* KEY_IO_READ_BANDWIDTH_MAX or KEY_IO_WRITE_BANDWIDTH_MAX */
        char *path;     /* absolute, normalized host path, or a device node */
        SpecLimit rate; /* bytes per second */
} SpecIoLimit;

typedef struct Spec {
        bool keep;         /* what is written outlives the run */
        char *description; /* NULL: none */
        StrList profiles;  /* names or files of what was merged, base first */
        RootKind root;
        char *root_dir; /* ROOT_DIR: absolute */
        OverlayEngine overlay;
        WorkDirMode work_dir;
        HomeMode home;
        char *home_name; /* HOME_PERSIST: of the home that is kept */
        SpecOp *ops;
        size_t n_ops;
        char *chdir; /* NULL: the working directory */
        RunAsKind run_as;
        uid_t run_as_uid; /* RUN_AS_IDS */
        gid_t run_as_gid;
        IdMapMode id_map;
        NetworkMode network;
        SpecLimit limits[SPEC_LIMITS]; /* see spec_limit() */
        SpecIoLimit *io_limits;
        size_t n_io_limits;
        bool delegate;               /* the payload may make control groups of its own */
        StrList net_allow, net_deny; /* as net_rule_print() spells them */
        StrList net_allow_from;      /* names of tools */
        StrList net_trusted; /* "TOOL RULE": what the project's configuration named when a profile of it was
                                trusted */
        bool net_allow_private;
        bool net_check_sni;        /* when asked for; by default where rules have names */
        StrList net_host_loopback; /* ports */
        StrList net_publish;       /* as net_publish_print() spells them */
        uint64_t net_rate_up;      /* bytes a second out of the sandbox; 0: no limit */
        uint64_t net_rate_down;
        SeccompKind seccomp;
        char *seccomp_file;    /* SECCOMP_FILE: absolute */
        uint64_t capabilities; /* bits added (--cap-add, Capabilities=) on top of what the identity brings */
        bool capabilities_cleared; /* "Capabilities=" seen: not even what root inside brings */
        bool no_new_privileges;
        StrList architectures; /* beside the native one: "x86", ... in libseccomp's spelling */
        StrList env_pass;      /* names, or prefixes ending in '*' */
        StrList env_set;       /* NAME=VALUE */
        uint64_t asked;        /* bit KeyId: said by a profile or an option, not only the default */
        StrList argv;          /* the payload; empty for "shell" until its default is filled in */
} Spec;

/** spec_init - the safe defaults: host root, caught writes, empty home, no network. 0 or
 * -ENOMEM. */
int spec_init(Spec *spec);

/** spec_clear - free all; legal on a zeroed Spec. */
void spec_clear(Spec *spec);

/** spec_add_op - append an operation; copies the strings (@source may be NULL). 0 or -ENOMEM. */
int spec_add_op(Spec *spec, SpecOpKind kind, const char *source, const char *dest, uint64_t size,
                const char *origin);

/** spec_clear_ops - drop all operations of a kind (an empty value in a profile). */
void spec_clear_ops(Spec *spec, SpecOpKind kind);

/** spec_limit - the limit of one of the keys SPEC_LIMIT_FIRST to SPEC_LIMIT_LAST. */
static inline const SpecLimit *spec_limit(const Spec *spec, KeyId id)
{
        return &spec->limits[id - SPEC_LIMIT_FIRST];
}

/** spec_limit_takes_group - whether only a control group can hold the limit of @id. */
static inline bool spec_limit_takes_group(KeyId id)
{
        return id >= SPEC_LIMIT_FIRST && id < KEY_RUNTIME_MAX_SEC;
}

/** spec_set_limit - replace one; copies @origin. 0 or -ENOMEM. */
int spec_set_limit(Spec *spec, KeyId id, LimitUnit unit, uint64_t value, bool installed, const char *origin);

/** spec_add_io_limit - append one, or replace the one of the same key and path; copies the strings. 0 or
 * -ENOMEM. */
int spec_add_io_limit(Spec *spec, KeyId id, const char *path, LimitUnit unit, uint64_t value, bool installed,
                      const char *origin);

/** spec_clear_io_limits - drop all of a key. */
void spec_clear_io_limits(Spec *spec, KeyId id);

/** spec_has_limits - whether anything of [Resources] is wanted that takes control groups. */
bool spec_has_limits(const Spec *spec);

/** spec_validate - refuse what contradicts itself whatever the host: 0 or -EINVAL with @err. */
int spec_validate(const Spec *spec, Error *err);

static inline bool spec_asked(const Spec *spec, KeyId id)
{
        return (spec->asked >> id) & 1;
}
