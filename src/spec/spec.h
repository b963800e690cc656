/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's request: profiles and command line merged. A Spec knows nothing about the host. Every front end
 * only fills one.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "spec/execution.h"
#include "spec/fs_op.h"

#include <sys/types.h>

/* OverlayEngine, WorkDirMode, IdMapMode, NetworkMode, NetTool: the enumerated types of keys.def. */
#define WORDS_OF(type, words) typedef enum type { words } type;
#define WORD(value, word) value,
#include "spec/keys.def"

typedef enum RootKind { ROOT_HOST, ROOT_DIR, ROOT_IMAGE } RootKind;
typedef enum HomeMode { HOME_PRIVATE, HOME_HOST, HOME_PERSIST } HomeMode;
typedef enum RunAsKind { RUN_AS_SELF, RUN_AS_ROOT, RUN_AS_IDS } RunAsKind;
typedef enum SeccompKind { SECCOMP_DEFAULT, SECCOMP_STRICT, SECCOMP_FILE } SeccompKind;

/** The identity of a key: index into the key table (spec/keys.h) and bit in Spec.asked. */
typedef enum KeyId {
#define KEY(id, ...) KEY_##id,
#include "spec/keys.def"
        KEY_MAX,
} KeyId;

/** A requested operation on the file system. */
typedef FsOp SpecOp;

/** The unit of a limit. */
typedef enum LimitUnit {
        LIMIT_UNSET,
        LIMIT_AMOUNT,   /* bytes, tasks, a weight, microseconds */
        LIMIT_PERCENT,  /* of the machine's; CPUQuota: of one processor */
        LIMIT_INFINITY, /* no limit, overriding earlier profiles */
} LimitUnit;

/** One limit of [Resources]. */
typedef struct SpecLimit {
        LimitUnit unit;
        uint64_t value;
        bool installed; /* set by an installed profile: a default, which may be dropped */
        char *origin;   /* like SpecOp.origin */
} SpecLimit;

/** A limit on reads from or writes to the disk that holds a path. */
typedef struct SpecIoLimit {
        KeyId key;      /* KEY_IO_READ_BANDWIDTH_MAX or KEY_IO_WRITE_BANDWIDTH_MAX */
        char *path;     /* absolute, normalized host path, or a device node */
        SpecLimit rate; /* bytes per second */
} SpecIoLimit;

/* The type of a key as the fields that hold its value. */
#define TEXT(name) char *name;
#define SWITCH(name) bool name;
#define CHOICE(type, name) type name;
#define CHOICES(type, name) StrList name;
#define LIST(name, item, max) StrList name;
#define WORDS(name, item) StrList name;
#define LIMIT(name, kind, least) SpecLimit name;
#define CUSTOM(type, fields) fields
#define VALUE(type, name) type name;
#define OWNED(name) char *name;
#define STRINGS(name) StrList name;

typedef struct Spec {
        /* clang-format off */
        /*
         * Generated from keys.def. Notes on some fields:
         *
         *      root_dir              absolute; ROOT_IMAGE: a reference, as image_ref_print() formats it
         *      home_name             name of the kept home; HOME_PERSIST only
         *      chdir                 NULL: the working directory
         *      run_as_uid, _gid      RUN_AS_IDS only
         *      net_allow, net_deny   as net_rule_print() formats them
         *      net_check_sni         explicit value; by default yes if rules have names
         *      net_publish           as net_publish_print() formats them
         *      net_rate_up           bytes per second out of the sandbox, 0: no limit; likewise net_rate_down
         *      seccomp_file          absolute; SECCOMP_FILE only
         *      capabilities          bits that are added to those of the identity
         *      capabilities_cleared  "Capabilities=" was given: drop even those of root inside
         *      architectures         in addition to the native one: "x86", ... in libseccomp's spelling
         *      env_pass              names, or prefixes that end in '*'
         *      env_set               NAME=VALUE
         */
        /* clang-format on */
#define KEY(id, section, name, type, ...) type
#include "spec/keys.def"

        SpecOp *ops; /* in the order given */
        /* The operations are the whole root and are executed in this order; Root=, WorkDir= and Home= are
         * ignored. Otherwise the operations are added to these, and a path is mounted after the paths that
         * contain it. */
        bool ops_in_order;
        FsPropagation propagation; /* ops_in_order: of the host's mounts; SLAVE: later mounts of the host
                                      become visible */
        size_t n_ops;
        SpecIoLimit *io_limits; /* IOReadBandwidthMax= and IOWriteBandwidthMax= */
        size_t n_io_limits;
        SpecExecution execution;
        bool keep;             /* keep the changes after the run */
        StrList profiles;      /* names or files of the merged profiles, base first */
        StrList net_trusted;   /* "TOOL RULE": hosts that the project's configuration named when the user
                                  trusted its profile */
        uint64_t asked;        /* bit KeyId: set by a profile or an option */
        uint64_t by_installed; /* bit KeyId: the last that set it is an installed profile */
        StrList argv;          /* the payload; empty for "shell" until its default is filled in */
} Spec;

/** spec_init - initialize with the safe defaults: host root, writes to layers, empty home, no network.
 * Returns 0 or -ENOMEM. */
int spec_init(Spec *spec);

/** spec_clear - free all memory; a zeroed Spec is legal. */
void spec_clear(Spec *spec);

/** spec_add_op - append a copy of an operation. Returns 0 or -ENOMEM. */
int spec_add_op(Spec *spec, const SpecOp *op);

/** spec_has_op - return whether there is an operation of a kind. */
bool spec_has_op(const Spec *spec, FsOpKind kind);

/** spec_clear_ops - drop all operations of a kind and with these flags, FS_OP_SPELLED aside (an empty value
 * in a profile). */
void spec_clear_ops(Spec *spec, FsOpKind kind, unsigned flags);

/** spec_add_io_limit - append a limit, or replace that of the same key and path; copies the strings. Returns
 * 0 or -ENOMEM. */
int spec_add_io_limit(Spec *spec, KeyId id, const char *path, LimitUnit unit, uint64_t value, bool installed,
                      const char *origin);

/** spec_clear_io_limits - drop all limits of a key. */
void spec_clear_io_limits(Spec *spec, KeyId id);

/** spec_validate - refuse contradictions that do not depend on the host. Returns 0 or -EINVAL with @err. */
int spec_validate(const Spec *spec, Error *err);

/** spec_insists - return whether the user set a key. What an installed profile sets is a default, for which a
 * notice takes the place of an error. */
static inline bool spec_insists(const Spec *spec, KeyId id)
{
        return ((spec->asked & ~spec->by_installed) >> id) & 1;
}

/** spec_asked - return whether a profile or an option set a key. */
static inline bool spec_asked(const Spec *spec, KeyId id)
{
        return (spec->asked >> id) & 1;
}
