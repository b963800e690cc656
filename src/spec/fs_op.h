/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One operation on the file system. Spec and plan use the same type: in a spec it is a request of a front end
 * (SpecOp), in a plan a step (PlanOp). fs_op_kinds.def lists the kinds.
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

/** The type of the source of an operation. */
typedef enum FsSourceKind {
        FS_SOURCE_NONE,
        FS_SOURCE_PATH,       /* a path of the host */
        FS_SOURCE_TEXT,       /* the target of a symbolic link */
        FS_SOURCE_BYTES,      /* the content of a file */
        FS_SOURCE_DESCRIPTOR, /* a descriptor of the caller: a file of the host, or a stream with content */
        FS_SOURCE_TYPE,       /* a file system type: "mqueue" */
        FS_SOURCE_LAYERS,     /* several directories of the host, stacked */
} FsSourceKind;

enum {
        OP_OPTIONAL = 1 << 0,  /* skip the operation if source or dest does not exist */
        OP_RECURSIVE = 1 << 1, /* include the mounts below the source */
        OP_IN_MEMORY = 1 << 2, /* OVERLAY: the upper is on a tmpfs, not in the run directory */

        /* Attributes of the mount (mount_setattr(2)); the mount also keeps those of its source. */
        OP_RDONLY = 1 << 3,
        OP_ALLOW_DEV = 1 << 4,  /* device nodes work; otherwise: nodev */
        OP_ALLOW_SUID = 1 << 5, /* set-user-ID bits and file capabilities work; otherwise: nosuid */
        OP_NOEXEC = 1 << 6,
        OP_NOATIME = 1 << 7,
        OP_STRICTATIME = 1 << 8,
        OP_NODIRATIME = 1 << 9,
        OP_NOSYMFOLLOW = 1 << 10,
        OP_TOP_ONLY = 1 << 11,        /* RECURSIVE: the attributes apply to the topmost mount only */
        OP_PROPAGATE_BELOW = 1 << 12, /* the propagation applies to the mounts below, too */
        OP_HERE = 1 << 13,            /* BIND: the source was named as a path of the working directory; an
                                         optional one is skipped if that is hidden */
        OP_AS_SPELLED = 1 << 14, /* BIND: without a path free of links, the source is opened by this path, as
                                    /proc/self/ns/user, which is then the sandbox's namespace */

        /* Only in plans: */
        OP_ROOT_OWNED = 1 << 16,   /* TMPFS, DIR, OVERLAY: the sandbox's root owns it, if it is mapped */
        OP_NO_FOLLOW = 1 << 17,    /* dest must not be a symbolic link; for kurung's own mount points */
        OP_WORK_DIR = 1 << 18,     /* OVERLAY, FUSE: a layer of the working directory or its project */
        OP_TELL_MISSING = 1 << 19, /* MASK: tell the user if nothing exists there */
        OP_MUST_EXIST = 1 << 20,   /* dest is in a directory of the host: do not create it */
        OP_SPECIFIERS = 1 << 22, /* FILE, HOSTS: replace %H in the text by the host name (systemd.unit(5)) */
        OP_KEPT_HOME = 1 << 21,  /* BIND: the source is the kept home, which the supervisor creates after the
                                    plan and holds open */
        OP_VIEWED = 1 << 23,     /* OVERLAY: the lower is seen through the VIEW before it */
        OP_OWN_DATA = 1 << 24,   /* OVERLAY, VIEWED: the content of files may come from the host's directory
                                    itself (fs_op_data()), because nothing in it is hidden */
};

/** Flags that the spelling of a value adds to those of its key: "-" and "./". */
#define FS_OP_SPELLED ((unsigned)(OP_OPTIONAL | OP_HERE))

#define OP_ATTRIBUTES                                                                                        \
        (OP_RDONLY | OP_ALLOW_DEV | OP_ALLOW_SUID | OP_NOEXEC | OP_NOATIME | OP_STRICTATIME |                \
         OP_NODIRATIME | OP_NOSYMFOLLOW)

/** The propagation of later mounts, between this mount and its source (mount_namespaces(7)). */
typedef enum FsPropagation {
        FS_PROPAGATION_NONE, /* unchanged; private for mounts of the host */
        FS_PROPAGATION_PRIVATE,
        FS_PROPAGATION_SLAVE, /* later mounts of the host become visible */
        FS_PROPAGATION_SHARED,
        FS_PROPAGATION_UNBINDABLE,
} FsPropagation;

/** The file that a path led to when it was looked up. */
typedef struct FileId {
        bool known;
        bool directory;
        dev_t dev;
        ino_t ino;
} FileId;

/** A file of the host. */
typedef struct FsFile {
        char *path; /* absolute and normalized */
        FileId id;  /* only in plans */
} FsFile;

typedef struct FsOp {
        FsOpKind kind;
        char *dest; /* absolute, normalized path in the sandbox */
        FsSourceKind source_kind;
        char *source;      /* absolute, normalized path of the host; text; bytes; type; otherwise NULL */
        size_t source_len; /* BYTES: length */
        int source_fd;     /* DESCRIPTOR */
        FsFile *lowers;    /* LAYERS: topmost first */
        size_t n_lowers;
        FsFile upper, work; /* OVERLAY: directories of the host for writes, both or none */
        StrList options;    /* TYPE: "KEY=VALUE" or "KEY", as the file system of the kernel expects them */
        unsigned flags;
        FsPropagation propagation;
        bool has_mode; /* otherwise the default mode of the kind */
        unsigned mode;
        unsigned parents; /* mode of missing directories above dest; 0: 0755 */
        bool has_owner;   /* otherwise the creator, with the payload's ids */
        uid_t uid;        /* ids inside */
        gid_t gid;
        uint64_t size; /* TMPFS, DEV (of /dev/shm): bytes; 0: not set */
        char *origin;  /* the request, for errors: "FILE:LINE" or "--read-only"; NULL: kurung itself */

        /* Only in plans: */
        FileId source_id;  /* of the user's shares, not of the system's files */
        bool in_place;     /* the host has its source at the destination, too */
        char *layer;       /* OVERLAY, SCRATCH, FUSE: unique name of the layer in the run directory */
        bool placeholders; /* FUSE, VIEW: a file that the user cannot read is shown as an empty file of the
                              same mode */
} FsOp;

/* Traits of a kind. */
enum {
        OP_IS_PLACED = 1 << 0,  /* puts a mount at its destination, or changes the mount there */
        OP_COVERS = 1 << 1,     /* hides the host's files at its destination */
        OP_CATCHES = 1 << 2,    /* redirects writes to a layer */
        OP_SHOWS_HOST = 1 << 3, /* shows a path of the host, its source, inside */
        OP_IS_OWN = 1 << 4,     /* cannot be requested; only plans have it */
        OP_IS_REQUEST = 1 << 6, /* modifies other requests, and is not a step of a plan */
        OP_NEEDS_MODE = 1 << 5, /* requires a mode or an owner */
};

/** The properties of a kind of operation. */
typedef struct FsOpKindInfo {
        const char *name;
        unsigned sources; /* bits FROM(...): the supported kinds of sources; 0: it has no source */
        unsigned flags;   /* flags that may be requested */
        unsigned mode;    /* default mode; 0: it has no mode */
        unsigned traits;
} FsOpKindInfo;

/** FROM - return the bit of FS_SOURCE_@kind in FsOpKindInfo.sources. */
#define FROM(kind) (1U << FS_SOURCE_##kind)

/** Indexed by FsOpKind. */
extern const FsOpKindInfo op_kinds[OP_MAX];

/** fs_op_copy - copy @op, including its strings; fs_op_clear() frees the copy. Returns 0 or -ENOMEM; @ret is
 * untouched on failure. */
int fs_op_copy(const FsOp *op, FsOp *ret);

/** fs_op_clear - free the memory of an operation; a zeroed one is legal. */
void fs_op_clear(FsOp *op);

/** fs_op_check - refuse an operation with properties that its kind does not support. Returns 0 or -EINVAL
 * with @err. */
int fs_op_check(const FsOp *op, Error *err);

/** fs_op_origin - return the source of the request, for errors: its origin, or "root file system" if it has
 * none. */
const char *fs_op_origin(const FsOp *op);

/** fs_op_data - return the directory of the host from which a VIEWED overlay with OWN_DATA takes the content
 * of files: its source, or /usr in the place of the whole system, parts of which are hidden. */
const char *fs_op_data(const FsOp *op);

/** fs_op_same - return whether both operations have the same effect at their destinations; origins are
 * ignored. */
bool fs_op_same(const FsOp *a, const FsOp *b);

/** fs_op_is - return whether the operation's kind has all @traits. */
bool fs_op_is(const FsOp *op, unsigned traits);

/** fs_op_is_writable - return whether the payload may write at the operation's destination. */
bool fs_op_is_writable(const FsOp *op);

/** fs_op_writes_host - return whether the payload's writes there reach files of the host. */
bool fs_op_writes_host(const FsOp *op);

/** fs_op_written - return the path of the host that receives the payload's writes; NULL: none. @ret_id gets
 * its file (may be NULL). */
const char *fs_op_written(const FsOp *op, FileId *ret_id);

/** fs_op_is_kept - return whether the operation's layer outlives the run in a kept sandbox. */
bool fs_op_is_kept(const FsOp *op);

/** fs_op_path - return the @i-th path of the host that the operation uses, from 0; NULL: there are no
 * more. */
const char *fs_op_path(const FsOp *op, size_t i);
