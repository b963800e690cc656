/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The confinement of helpers: every program that serves a payload is hostile once the payload has talked to
 * it, so it is locked down before its first request. The order is: confine_private_mounts(), copies of what
 * the helper works on, confine_root_begin(), confine_root_add() for each, confine_root_enter(),
 * confine_privileges(), confine_seal().
 */
#pragma once

#include "base/error.h"

#include <sys/types.h>

/**
 * A system call that a helper may make. With conditions (n > 0) all must hold: (argument & mask) == value, of
 * the lower 32 bits, as the kernel reads an int.
 */
typedef struct ConfineCall {
        int nr; /* SCMP_SYS(name): a negative number does not exist on this architecture and is skipped */
        uint32_t answer; /* SECCOMP_RET_*; 0: it is made */
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

/** What a helper keeps. All else is taken away. */
typedef struct Confinement {
        const char *who;       /* in errors: "net helper" */
        uint64_t capabilities; /* a mask, in the helper's user namespace */
        uint64_t max_data;     /* memory that it may allocate, in bytes (RLIMIT_DATA); 0: no limit */
        bool reads_root;       /* Landlock: it may read, list and execute what its root holds; else nothing */
        const char *writable;  /* Landlock: the directory beneath which it may write; NULL: nowhere */
        const ConfineCall *calls;
        size_t n_calls;
        uint32_t other_calls; /* the answer to all others: SECCOMP_RET_* of seccomp(2) */
} Confinement;

/** The namespaces of a helper beside its user namespace, and but for the network: CLONE_NEW* flags. */
extern const uint64_t confine_namespaces;

/** confine_private_mounts - nothing of this mount namespace goes to the host's, nor comes from there. 0 or
 * -errno with
 * @err. */
int confine_private_mounts(const char *who, Error *err);

/**
 * confine_root_begin - make a new, empty root. Until confine_root_enter() "/" is the old one, so that sources
 * are found by their paths; but a recursive copy of "/" would hold the new one, too.
 *
 * @who: for errors. @ret_root: the new root's mount, close-on-exec.
 *
 * Returns 0 or -errno with @err.
 */
int confine_root_begin(const char *who, int *ret_root, Error *err);

/**
 * confine_root_add - put a detached mount into the new root.
 *
 * @path: where, absolute; directories on the way are made.
 * @mount_fd: a directory or a file; stays the caller's, and is usable as a directory descriptor afterwards.
 *
 * Returns 0 or -errno with @err.
 */
int confine_root_add(const char *who, int root, const char *path, int mount_fd, Error *err);

/** confine_root_enter - leave the old root for good (pivot_root(2)); the new one's own mount becomes
 * read-only. 0 or -errno with @err. */
int confine_root_enter(const char *who, int root, Error *err);

/**
 * confine_privileges - no capability but those named, no_new_privs, no write to a file unless
 * some are writable, a limit of memory.
 *
 * Returns 0 or -errno with @err.
 */
int confine_privileges(const Confinement *c, Error *err);

/**
 * confine_seal - Landlock as far as the kernel has it, then the list of system calls (seccomp(2)). The list
 * has to allow what is left to do, execveat(2) for a program.
 *
 * Returns 0 or -errno with @err.
 */
int confine_seal(const Confinement *c, Error *err);

struct sock_filter;

/** The longest program that confine_filter_make() writes. */
#define CONFINE_FILTER_MAX 1024

/**
 * confine_filter_make - the list of calls as a program for seccomp(2). Pure.
 *
 * @ret: room for CONFINE_FILTER_MAX instructions.
 *
 * Returns the number of instructions; -E2BIG; -ENOTSUP on an architecture that it does not know.
 */
int confine_filter_make(const Confinement *c, struct sock_filter *ret);
