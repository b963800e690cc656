/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a command is executed, for front ends other than profiles: no key sets any of these fields. A zeroed
 * SpecExecution is the behaviour of kurung itself.
 */
#pragma once

#include "base/caps.h"
#include "base/error.h"
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
        bool no_user_namespaces; /* the payload cannot create any (namespaces(7), max_user_namespaces) */
        InitMode init;
        bool die_with_parent; /* INIT_PAYLOAD: the kernel kills the payload when the supervisor exits
                                 (PR_SET_PDEATHSIG(2const)) */
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
} SpecExecution;

/** spec_execution_clear - free all memory of @execution and zero it; descriptors stay open. */
void spec_execution_clear(SpecExecution *execution);

/** spec_rlimit_name - return the name of a resource of getrlimit(2), such as "nofile"; NULL: unknown
 * resource. */
const char *spec_rlimit_name(int resource);

/** spec_execution_check - refuse contradictions that do not depend on the host. Returns 0 or -EINVAL with
 * @err. */
int spec_execution_check(const SpecExecution *execution, Error *err);
