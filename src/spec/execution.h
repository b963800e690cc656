/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a command is executed, for front ends other than profiles: no key sets any of these fields. A zeroed
 * SpecExecution is the behaviour of kurung itself.
 */
#pragma once

#include "base/caps.h"
#include "base/error.h"
#include "base/strlist.h"
#include "spec/namespace.h"

#include <sys/resource.h>
#include <sys/types.h>

/** The process that reaps processes and forwards signals. */
typedef enum InitMode {
        INIT_KURUNG,  /* the payload's parent is a process of kurung, which is pid 1 in a new pid namespace */
        INIT_PAYLOAD, /* the payload replaces that process */
} InitMode;

/** The payload's descriptors 0 to 2, and its session (credentials(7)). */
typedef enum TerminalMode {
        TERMINAL_OWN,     /* a new session; a new pty replaces each terminal */
        TERMINAL_INHERIT, /* the caller's descriptors and session */
        TERMINAL_SESSION, /* the caller's descriptors in a new session (setsid(2)) */
        TERMINAL_SOCKET,  /* a new pty, whose master is sent to the caller's socket (SCM_RIGHTS, unix(7)) */
} TerminalMode;

/** A limit of each process (getrlimit(2)). */
typedef struct SpecRlimit {
        int resource; /* RLIMIT_* */
        rlim_t soft, hard;
} SpecRlimit;

typedef struct SpecExecution {
        NamespaceRequest user;               /* CALLER: no user namespace is created, and no id is mapped */
        NamespaceRequest namespaces[NS_MAX]; /* NET: Network=host turns NEW into CALLER; PAYLOAD_USER: JOIN,
                                                otherwise the plan decides */
        bool new_pid_below;                  /* pid is JOIN: a new one below that one */
        bool no_user_namespaces; /* the payload cannot create any (namespaces(7), max_user_namespaces) */
        InitMode init;
        bool die_with_parent; /* INIT_PAYLOAD or independent: the kernel kills the payload when the supervisor
                                 exits (PR_SET_PDEATHSIG(2const)) */
        bool detached;    /* INIT_PAYLOAD: run_create() makes the sandbox, run_start() starts the payload */
        int start_socket; /* detached: a listening SOCK_SEQPACKET socket (unix(7)); borrowed */
        TerminalMode terminal;
        int terminal_socket; /* TERMINAL_SOCKET: a connected socket; borrowed */
        int *kept_fds; /* descriptors above 2 that the payload gets under the same numbers; inherited from the
                          caller (none is close-on-exec), and closed here as soon as the payload's process has
                          them */
        size_t n_kept_fds;
        bool filters_given; /* filter_fds replaces kurung's own filter (seccomp(2)); if it is empty, there is
                               no filter */
        int *filter_fds; /* each holds an array of struct sock_filter, is not close-on-exec and is read once;
                            they are loaded in this order */
        size_t n_filter_fds;
        bool has_capability_sets; /* the sets before exec, to which the kernel's usual rules apply; otherwise
                                     Capabilities= and the identity determine them */
        CapabilitySets capability_sets;
        SpecRlimit *rlimits; /* each replaces kurung's own limit of the same resource */
        size_t n_rlimits;
        bool has_umask; /* otherwise the caller's umask */
        mode_t umask;
        gid_t *groups; /* supplementary groups inside; empty: none */
        size_t n_groups;
        bool has_oom_score_adj; /* otherwise kurung's own choice */
        int oom_score_adj;      /* proc_pid_oom_score_adj(5) */
        char *argv0;            /* NULL: the first word of the command */
        /* Add nothing to the request: the environment is Set= only; there are no default limits; abstract
         * sockets of a shared network stay reachable; kurung reads and writes no state; no other command
         * finds the sandbox. */
        bool as_given;
        /* The supervisor only waits: it takes no signal over, and exits when the command does. Without
         * die_with_parent the sandbox does not depend on it, and ends with its last process; with it, the
         * kernel kills the sandbox when the supervisor exits, and the supervisor when its own parent does. */
        bool independent;
        bool maps_given;    /* user is NEW: the front end's function RunOptions.born returns when the ids are
                               mapped; the command keeps the ids that the caller has there */
        bool waits;         /* the command waits until wait_fd is readable, or its other end is closed */
        int wait_fd;        /* inherited */
        bool holds;         /* init keeps hold_fd open as long as the sandbox exists */
        int hold_fd;        /* inherited */
        StrList lock_files; /* absolute paths inside: init holds a read lock on each (fcntl(2), F_SETLK) */
        StrList cwds; /* paths inside: the command starts in the first one that it can enter, otherwise in
                         "/", and PWD has this path; empty: the spec's directory, and PWD does not change */
        bool cwd_required;             /* it is an error if it can enter none of cwds */
        bool check_no_user_namespaces; /* fail if the command could create a user namespace */
        bool root_accepted;            /* real root may run this: the front end has told what that means */
} SpecExecution;

/** spec_execution_clear - free all memory of @execution and zero it; descriptors stay open. */
void spec_execution_clear(SpecExecution *execution);

/** spec_rlimit_name - return the name of a resource of getrlimit(2), such as "nofile"; NULL: unknown
 * resource. */
const char *spec_rlimit_name(int resource);

/** spec_execution_check - refuse contradictions that do not depend on the host. Returns 0 or -EINVAL with
 * @err. */
int spec_execution_check(const SpecExecution *execution, Error *err);
