/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A front end with the options of bubblewrap 0.11 (bwrap(1)): it fills a spec whose operations are executed
 * in the order given, and to which nothing is added.
 */
#pragma once

#include "spec/spec.h"

/** Descriptors that options name. */
typedef enum BwrapFd {
        BWRAP_FD_INFO,
        BWRAP_FD_JSON_STATUS,
        BWRAP_FD_SYNC,
        BWRAP_FD_BLOCK,
        BWRAP_FD_USERNS_BLOCK,
        BWRAP_FD_SECCOMP,
        BWRAP_FD_USERNS,
        BWRAP_FD_USERNS2,
        BWRAP_FD_PIDNS,
        BWRAP_FDS,
} BwrapFd;

/** What the command line asks for instead of a run. */
typedef enum BwrapAction { BWRAP_RUN, BWRAP_HELP, BWRAP_VERSION } BwrapAction;

/** The process that starts the sandbox; all are borrowed. */
typedef struct BwrapCaller {
        uid_t uid;
        gid_t gid;
        uint64_t capabilities; /* those that it has; needed for root only */
        const char *cwd;       /* absolute; NULL: unknown */
        const char *terminal;  /* the terminal of standard output; NULL: none */
        const char *host_name; /* NULL: unknown */
        bool nested;           /* root of a user namespace, not of the machine; needed for root only */
        bool user_namespaces;  /* the kernel has them, and allows them; needed for root only */
        const int *fds;        /* the inherited descriptors above 2 */
        size_t n_fds;
        char *const *environment; /* environ(7) */
} BwrapCaller;

/** A line for the user. */
typedef struct BwrapWarning {
        char *text; /* owned */
        bool with_priority;
} BwrapWarning;

/** A command line, and the spec that it fills. */
typedef struct Bwrap {
        Spec spec;
        const BwrapCaller *caller;
        BwrapAction action;
        bool level_prefix; /* priorities before each line */
        BwrapWarning *warnings;
        size_t n_warnings;
        int fds[BWRAP_FDS]; /* FD_NONE: not given */
        char *report;       /* --kurung-report; NULL: none */
        bool supervised;    /* an option needs a supervisor */
        bool probes_host;   /* an option needs all facts of the host */

        /* While options are read: */
        bool unshare_user, unshare_user_try, unshare_ipc, unshare_pid, unshare_net, unshare_uts,
                unshare_cgroup;
        bool disable_userns, assert_userns_disabled, new_session, as_pid_1, caps_changed, has_uid, has_gid,
                has_host_name, has_chdir, subid;
        unsigned words; /* words read so far */
        bool in_args;   /* reading the words of --args */
        StrList env;
        StrList sources; /* of --overlay-src, in the order given */
        bool has_perms;
        unsigned perms;
        uint64_t size;
        int *used; /* descriptors that options name, which the command does not get */
        size_t n_used;
} Bwrap;

/** bwrap_init - prepare to read a command line. @caller: borrowed until bwrap_clear(). Returns 0 or -ENOMEM.
 */
int bwrap_init(Bwrap *b, const BwrapCaller *caller);

/** bwrap_clear - free everything; a zeroed one is legal. */
void bwrap_clear(Bwrap *b);

/**
 * bwrap_parse - read the options and the command.
 *
 * @argv: @argc words, without the program's name. Reads the descriptors of --args to their ends, and closes
 * them.
 *
 * Returns 0, also with another action than BWRAP_RUN; -errno with @err, whose text is bwrap's. The warnings
 * are filled also on failure.
 */
int bwrap_parse(Bwrap *b, int argc, char *const *argv, Error *err);

/**
 * bwrap_fill - check the options against each other, and complete the spec. Called once, after
 * bwrap_parse().
 *
 * Returns 0 or -EINVAL, -EBADF, -EPERM... with @err.
 */
int bwrap_fill(Bwrap *b, Error *err);

/** bwrap_usage - return the list of options, for --help. */
const char *bwrap_usage(void);
