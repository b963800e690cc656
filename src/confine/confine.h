/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The confinement of helpers: every program that serves a payload is considered hostile once the payload has
 * communicated with it, so it is confined before its first request. The order is: confine_private_mounts(),
 * clones of the files that the helper needs, confine_root_begin(), confine_root_add() for each,
 * confine_root_enter(), confine_privileges(), confine_seal().
 */
#pragma once

#include "base/error.h"

#include <sys/types.h>

/**
 * A system call that a helper may make. If it has conditions (n > 0), all must be true: (argument & mask) ==
 * value, of the lower 32 bits, as the kernel reads an int.
 */
typedef struct ConfineCall {
        int nr; /* SCMP_SYS(name): a negative number does not exist on this architecture and is skipped */
        uint32_t answer; /* SECCOMP_RET_*; 0: the call is allowed */
        unsigned n;
        struct {
                unsigned arg;
                uint32_t mask, value;
        } when[2];
} ConfineCall;

#define CONFINE_CALL(name)                                                                                   \
        {                                                                                                    \
                .nr = SCMP_SYS(name)                                                                         \
        }
#define CONFINE_CALL_IF(name, argument, bits, wanted)                                                        \
        {                                                                                                    \
                .nr = SCMP_SYS(name), .n = 1, .when = { {(argument), (bits), (wanted)} }                     \
        }

/** The rights that a helper keeps. It loses all others. */
typedef struct Confinement {
        const char *who;       /* in errors: "net helper" */
        uint64_t capabilities; /* a mask, in the helper's user namespace */
        uint64_t max_data;     /* maximum memory that it may allocate, in bytes (RLIMIT_DATA); 0: no limit */
        uint64_t max_file; /* maximum size of a file that it writes, in bytes, if it has no writable directory
                              (RLIMIT_FSIZE); 0: it writes none */
        bool reads_root;   /* Landlock: it may read, list and execute files in its root */
        const char *writable; /* Landlock: the directory below which it may write; NULL: none */
        const ConfineCall *calls;
        size_t n_calls;
        uint32_t other_calls; /* the answer to all other calls: SECCOMP_RET_* of seccomp(2) */
} Confinement;

/** The namespaces of a helper except its user and network namespace: CLONE_NEW* flags. */
extern const uint64_t confine_namespaces;

/** confine_private_mounts - stop propagation between this mount namespace and the host's, in both directions.
 * Returns 0 or -errno with @err. */
int confine_private_mounts(const char *who, Error *err);

/**
 * confine_root_begin - make a new, empty root. Until confine_root_enter(), "/" is the old one, so that
 * sources can be found by path; but a recursive clone of "/" would include the new one.
 *
 * @who: for errors. @ret_root: the mount of the new root, close-on-exec.
 *
 * Returns 0 or -errno with @err.
 */
int confine_root_begin(const char *who, int *ret_root, Error *err);

/**
 * confine_root_add - attach a detached mount in the new root.
 *
 * @path: destination, absolute; missing directories are created.
 * @mount_fd: a directory or a file; borrowed, and usable as a directory descriptor afterwards.
 *
 * Returns 0 or -errno with @err.
 */
int confine_root_add(const char *who, int root, const char *path, int mount_fd, Error *err);

/** confine_root_enter - leave the old root permanently (pivot_root(2)), and make the mount of the new one
 * read-only. Returns 0 or -errno with @err. */
int confine_root_enter(const char *who, int root, Error *err);

/**
 * confine_privileges - drop all capabilities except the listed ones, set no_new_privs and the memory limit,
 * and prevent writes to files unless a directory is writable.
 *
 * Returns 0 or -errno with @err.
 */
int confine_privileges(const Confinement *c, Error *err);

/**
 * confine_seal - apply Landlock as far as the kernel supports it, then the list of system calls (seccomp(2)).
 * The list must include the calls that still follow, such as execve(2) of a program.
 *
 * Returns 0 or -errno with @err.
 */
int confine_seal(const Confinement *c, Error *err);

struct sock_filter;

/** The maximum length of a program of confine_filter_make(). */
#define CONFINE_FILTER_MAX 1024

/**
 * confine_filter_make - compile the list of calls for seccomp(2). Pure.
 *
 * @ret: room for CONFINE_FILTER_MAX instructions.
 *
 * Returns the number of instructions; -E2BIG; -ENOTSUP on an unknown architecture.
 */
int confine_filter_make(const Confinement *c, struct sock_filter *ret);
