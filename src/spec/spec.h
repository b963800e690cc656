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
typedef enum HomeMode { HOME_PRIVATE, HOME_HOST } HomeMode;
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
        KEY_CPU_QUOTA,
        KEY_TASKS_MAX,
        KEY_IO_WRITE_BANDWIDTH_MAX,
        KEY_NETWORK_BANDWIDTH_MAX,
        KEY_RUNTIME_MAX_SEC,
        KEY_SECCOMP,
        KEY_CAPABILITIES,
        KEY_NO_NEW_PRIVILEGES,
        KEY_ARCHITECTURES,
        KEY_PASS,
        KEY_SET,
        KEY_MAX,
} KeyId;

/** One operation on the file system, in the order in which the user gave them. */
typedef enum SpecOpKind { SPEC_OP_READ_ONLY, SPEC_OP_READ_WRITE, SPEC_OP_TMPFS, SPEC_OP_HIDE } SpecOpKind;

typedef struct SpecOp {
        SpecOpKind kind;
        char *source;  /* READ_ONLY, READ_WRITE: absolute, normalized host path; else NULL */
        char *dest;    /* absolute, normalized path in the sandbox */
        uint64_t size; /* TMPFS: bytes, 0: the kernel's default */
        char *origin;  /* "FILE:LINE" or "--read-only", for errors that are found later */
} SpecOp;

typedef struct Spec {
        char *description; /* NULL: none */
        StrList profiles;  /* names or files of what was merged, base first */
        RootKind root;
        char *root_dir; /* ROOT_DIR: absolute */
        OverlayEngine overlay;
        WorkDirMode work_dir;
        HomeMode home;
        SpecOp *ops;
        size_t n_ops;
        char *chdir; /* NULL: the working directory */
        RunAsKind run_as;
        uid_t run_as_uid; /* RUN_AS_IDS */
        gid_t run_as_gid;
        IdMapMode id_map;
        NetworkMode network;
        StrList net_allow, net_deny; /* as net_rule_print() spells them */
        StrList net_allow_from;      /* names of tools */
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

/** spec_init - the safe defaults of DESIGN.md §3: host root, caught writes, empty home, no network. 0 or
 * -ENOMEM. */
int spec_init(Spec *spec);

/** spec_clear - free all; legal on a zeroed Spec. */
void spec_clear(Spec *spec);

/** spec_add_op - append an operation; copies the strings (@source may be NULL). 0 or -ENOMEM. */
int spec_add_op(Spec *spec, SpecOpKind kind, const char *source, const char *dest, uint64_t size,
                const char *origin);

/** spec_clear_ops - drop all operations of a kind (an empty value in a profile). */
void spec_clear_ops(Spec *spec, SpecOpKind kind);

/** spec_validate - refuse what contradicts itself whatever the host: 0 or -EINVAL with @err. */
int spec_validate(const Spec *spec, Error *err);

static inline bool spec_asked(const Spec *spec, KeyId id)
{
        return (spec->asked >> id) & 1;
}
