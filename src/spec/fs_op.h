/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One operation on the file system. The same type serves from the request to the step: a spec holds what a
 * front end asks for (SpecOp), a plan what will be done (PlanOp). The kinds are in fs_op_kinds.def.
 */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

#include <sys/types.h>

typedef enum FsOpKind {
#define OP_KIND(id, ...) OP_##id,
#define OP_REQUEST(id, ...) OP_##id,
#include "spec/fs_op_kinds.def"
        OP_MAX,
} FsOpKind;

/** What the source of an operation is. */
typedef enum FsSourceKind {
        FS_SOURCE_NONE,
        FS_SOURCE_PATH,       /* a file of the host, by its path */
        FS_SOURCE_TEXT,       /* what a symbolic link says */
        FS_SOURCE_BYTES,      /* the content of a file */
        FS_SOURCE_DESCRIPTOR, /* a descriptor of the caller's: a file of the host, or where content is read
                                 from */
        FS_SOURCE_TYPE,       /* a type of file system: "mqueue" */
        FS_SOURCE_LAYERS,     /* several directories of the host, on top of each other */
} FsSourceKind;

enum {
        OP_OPTIONAL = 1 << 0,  /* nothing is done when source or dest is not there */
        OP_RECURSIVE = 1 << 1, /* with what is mounted below the source */
        OP_IN_MEMORY = 1 << 2, /* OVERLAY: the upper is on a tmpfs, not in the run's directory */

        /* Attributes of the mount (mount_setattr(2)); what it is copied from keeps those that it has. */
        OP_RDONLY = 1 << 3,
        OP_ALLOW_DEV = 1 << 4,  /* device nodes work; without it: nodev */
        OP_ALLOW_SUID = 1 << 5, /* set-user-ID bits and file capabilities work; without it: nosuid */
        OP_NOEXEC = 1 << 6,
        OP_NOATIME = 1 << 7,
        OP_STRICTATIME = 1 << 8,
        OP_NODIRATIME = 1 << 9,
        OP_NOSYMFOLLOW = 1 << 10,
        OP_TOP_ONLY = 1 << 11,        /* RECURSIVE: they are the topmost mount's, not those below */
        OP_PROPAGATE_BELOW = 1 << 12, /* the propagation is that of the mounts below, too */

        /* Of plans alone: */
        OP_ROOT_OWNED = 1 << 16, /* TMPFS, DIR, OVERLAY: belongs to the sandbox's root, where it is mapped */
        OP_NO_FOLLOW = 1 << 17,  /* dest must not be a symlink: kurung's own places */
        OP_WORK_DIR = 1 << 18,   /* OVERLAY, FUSE: the working directory's, not the root's or the home's */
        OP_TELL_MISSING = 1 << 19, /* MASK: the user is told when nothing is there */
        OP_MUST_EXIST = 1 << 20,   /* the host's own directory holds dest: nothing is made there */
        OP_SPECIFIERS = 1 << 22,   /* FILE: %H in the text is the host name (systemd.unit(5)) */
        OP_KEPT_HOME = 1 << 21, /* BIND: the home that the supervisor holds, which is made after the plan */
};

#define OP_ATTRIBUTES                                                                                        \
        (OP_RDONLY | OP_ALLOW_DEV | OP_ALLOW_SUID | OP_NOEXEC | OP_NOATIME | OP_STRICTATIME |                \
         OP_NODIRATIME | OP_NOSYMFOLLOW)

/** What becomes of mounts that are made later, here or where this mount was copied from
 * (mount_namespaces(7)). */
typedef enum FsPropagation {
        FS_PROPAGATION_NONE, /* as it is; of the host's mounts: private */
        FS_PROPAGATION_PRIVATE,
        FS_PROPAGATION_SLAVE, /* what the host mounts there is seen */
        FS_PROPAGATION_SHARED,
        FS_PROPAGATION_UNBINDABLE,
} FsPropagation;

/** Which file a path led to when it was looked up. */
typedef struct FileId {
        bool known;
        bool directory;
        dev_t dev;
        ino_t ino;
} FileId;

/** A file of the host. */
typedef struct FsFile {
        char *path; /* absolute, normalized */
        FileId id;  /* of plans alone */
} FsFile;

typedef struct FsOp {
        FsOpKind kind;
        char *dest; /* absolute, normalized path in the sandbox */
        FsSourceKind source_kind;
        char *source;      /* absolute, normalized host path; text; bytes; type; else NULL */
        size_t source_len; /* BYTES: how many */
        int source_fd;     /* DESCRIPTOR */
        FsFile *lowers;    /* LAYERS: the topmost first */
        size_t n_lowers;
        FsFile upper, work; /* OVERLAY: where writes go on the host, both or none */
        StrList options;    /* TYPE: "KEY=VALUE" or "KEY", as the kernel's file system takes them */
        unsigned flags;
        FsPropagation propagation;
        bool has_mode; /* else the kind's own */
        unsigned mode;
        bool has_owner; /* else who makes it: the payload's ids */
        uid_t uid;      /* inside */
        gid_t gid;
        uint64_t size; /* TMPFS, DEV (of /dev/shm): bytes; 0: none was given */
        char *origin; /* whose request it was, for errors: "FILE:LINE" or "--read-only"; NULL: kurung's own */

        /* Of plans alone: */
        FileId source_id; /* of what the user shares; not of the system's files */
        char *layer; /* OVERLAY, SCRATCH, FUSE: name below the run's upper and work directories, unique */
        bool placeholders; /* FUSE: what the user can't read is an empty file of the same mode */
} FsOp;

/* Traits of a kind. */
enum {
        OP_IS_PLACED = 1 << 0,  /* puts a mount at its destination, or changes the one that is there */
        OP_COVERS = 1 << 1,     /* hides what the host has there */
        OP_CATCHES = 1 << 2,    /* writes go to a layer of the run's own */
        OP_SHOWS_HOST = 1 << 3, /* its source is a path of the host that is seen inside */
        OP_IS_OWN = 1 << 4,     /* only a plan has it: nobody can ask for it */
        OP_IS_REQUEST = 1 << 6, /* it says something of the others, and is no step */
        OP_NEEDS_MODE = 1 << 5, /* a mode, or an owner, has to be given */
};

/** What a kind of operation is, and what it takes. */
typedef struct FsOpKindInfo {
        const char *name;
        unsigned sources; /* bits FROM(...): the kinds of sources, of which it takes one; 0: it has none */
        unsigned flags;   /* those that may be asked for */
        unsigned mode;    /* where none is given; 0: it has no mode */
        unsigned traits;
} FsOpKindInfo;

/** FROM - the bit of FS_SOURCE_@kind in FsOpKindInfo.sources. */
#define FROM(kind) (1U << FS_SOURCE_##kind)

/** Indexed by FsOpKind. */
extern const FsOpKindInfo op_kinds[OP_MAX];

/** fs_op_copy - a copy that owns its strings; fs_op_clear() frees it. @ret is untouched on failure. 0 or
 * -ENOMEM. */
int fs_op_copy(const FsOp *op, FsOp *ret);

/** fs_op_clear - free what an operation holds; legal on a zeroed one. */
void fs_op_clear(FsOp *op);

/** fs_op_check - refuse an operation that its kind does not allow: 0 or -EINVAL with @err. */
int fs_op_check(const FsOp *op, Error *err);

/** fs_op_origin - whose request an operation is, for errors: its origin, or "root file system" if it has
 * none. */
const char *fs_op_origin(const FsOp *op);

/** fs_op_same - whether both do the same to what is at their destination, whoever asked for them. */
bool fs_op_same(const FsOp *a, const FsOp *b);

/** fs_op_is - whether the operation's kind has all of @traits. */
bool fs_op_is(const FsOp *op, unsigned traits);

/** fs_op_is_writable - whether the payload may write at its destination. */
bool fs_op_is_writable(const FsOp *op);

/** fs_op_writes_host - whether what the payload writes there reaches the host's own files. */
bool fs_op_writes_host(const FsOp *op);

/** fs_op_written - the path of the host that the payload writes to there, and which file it is; NULL: none.
 * @ret_id: may be NULL. */
const char *fs_op_written(const FsOp *op, FileId *ret_id);

/** fs_op_is_kept - whether its layer outlives the run in a kept sandbox. */
bool fs_op_is_kept(const FsOp *op);

/** fs_op_path - the @i-th path of the host that an operation takes, counted from 0; NULL: there are no more.
 */
const char *fs_op_path(const FsOp *op, size_t i);
