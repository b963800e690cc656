/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a command is executed, as far as front ends other than profiles ask for it: no key says any of this. A
 * zeroed SpecExecution is what kurung itself does.
 */
#pragma once

#include "base/caps.h"
#include "base/error.h"
#include "spec/namespace.h"

#include <sys/resource.h>
#include <sys/types.h>

/** Who reaps and forwards signals. */
typedef enum InitMode {
        INIT_KURUNG,  /* the payload's parent is a process of kurung's, pid 1 where the sandbox has its own
                         pids */
        INIT_PAYLOAD, /* the payload is executed in the place of that process */
} InitMode;

/** What the payload has as descriptors 0 to 2, and whose session it is in (credentials(7)). */
typedef enum TerminalMode {
        TERMINAL_OWN,     /* a session of its own; a pty of its own in the place of each terminal */
        TERMINAL_INHERIT, /* the caller's, in the caller's session */
        TERMINAL_SESSION, /* the caller's, in a session of its own (setsid(2)) */
        TERMINAL_SOCKET,  /* a pty of its own, its master sent to the caller's socket (SCM_RIGHTS, unix(7)) */
} TerminalMode;

/** A limit of each process (getrlimit(2)). */
typedef struct SpecRlimit {
        int resource; /* RLIMIT_* */
        rlim_t soft, hard;
} SpecRlimit;

typedef struct SpecExecution {
        NamespaceRequest user;               /* CALLER: none is made, and no id is mapped */
        NamespaceRequest namespaces[NS_MAX]; /* NET: Network=host is the caller's; PAYLOAD_USER: JOIN, or as
                                                the plan finds it needed */
        bool no_user_namespaces; /* none can be made inside (namespaces(7), max_user_namespaces) */
        InitMode init;
        bool die_with_parent; /* INIT_PAYLOAD: it is killed when the supervisor ends
                                 (PR_SET_PDEATHSIG(2const)) */
        bool detached; /* INIT_PAYLOAD: run_create() makes the sandbox, and run_start() starts the payload */
        int start_socket; /* detached: listening, SOCK_SEQPACKET (unix(7)); the caller's */
        TerminalMode terminal;
        int terminal_socket; /* TERMINAL_SOCKET: connected; the caller's */
        int *kept_fds; /* descriptors that the payload gets under the same numbers, all above 2; the caller
                          was given them by its own caller (none is close-on-exec), and they are closed
                          here as soon as the payload's process has them */
        size_t n_kept_fds;
        bool filters_given; /* these, in the place of kurung's own (seccomp(2)); none: no filter at all */
        int *filter_fds;    /* each holds an array of struct sock_filter, and is read once; they are loaded in
                               this order */
        size_t n_filter_fds;
        bool has_capability_sets; /* set before the exec, which has the kernel's usual rules; else as
                                     Capabilities= and the identity have it */
        CapabilitySets capability_sets;
        SpecRlimit *rlimits; /* these, in the place of kurung's own of the same resource */
        size_t n_rlimits;
        bool has_umask; /* else the caller's */
        mode_t umask;
        gid_t *groups; /* supplementary, inside; none: the payload has none */
        size_t n_groups;
        bool has_oom_score_adj; /* else as kurung has it */
        int oom_score_adj;      /* proc_pid_oom_score_adj(5) */
        char *argv0;            /* NULL: the command's own */
        /* Nothing is added to what is asked for: the environment is what Set= says; no default limits;
         * abstract sockets of a shared network are reached; nothing is read from or written to kurung's own
         * directories; no other command finds the sandbox. */
        bool as_given;
} SpecExecution;

/** spec_execution_clear - free what it holds, and zero it; descriptors stay open. */
void spec_execution_clear(SpecExecution *execution);

/** spec_rlimit_name - a resource of getrlimit(2) as a word: "nofile"; NULL: there is none of that number. */
const char *spec_rlimit_name(int resource);

/** spec_execution_check - refuse contradictions that do not depend on the host. 0 or -EINVAL with @err. */
int spec_execution_check(const SpecExecution *execution, Error *err);
