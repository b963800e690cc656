/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The defences by name, so that tests can try every attack once with its defence off. In kurung itself
 * defence_is_on() is always true (defence.c); only the tests' own program has another definition
 * (tests/escape/defence_switch.c).
 */
#pragma once

#include "base/util.h"

typedef enum Defence {
        DEFENCE_SECCOMP,
        DEFENCE_CAPABILITIES,
        DEFENCE_NO_NEW_PRIVILEGES,
        DEFENCE_NOT_DUMPABLE, /* kurung's processes inside cannot be inspected */
        DEFENCE_CLOSE_FDS,    /* only 0-2 reach the payload */
        DEFENCE_ENVIRONMENT,  /* rebuilt, helpers get none */
        DEFENCE_STREAMS,      /* descriptors 0 to 2 of the payload are not the host's files */
        DEFENCE_PTY,          /* a separate terminal and session */
        DEFENCE_IPC_NAMESPACE,
        DEFENCE_NET_NAMESPACE,
        DEFENCE_LANDLOCK,
        DEFENCE_GROUPS,      /* supplementary groups dropped */
        DEFENCE_RESOLVE,     /* paths resolved inside the root, without magic links */
        DEFENCE_MOUNT_FLAGS, /* nosuid, nodev, read-only */
        DEFENCE_MASKS,
        DEFENCE_PIN,
        DEFENCE_PRIVATE_MOUNTS, /* no mount of a sandbox reaches the host */
        DEFENCE_CWD,            /* the working directory is checked to be inside */
        DEFENCE_ESCAPE,         /* control bytes in messages are escaped */
        DEFENCE_SEALED_PROGRAM, /* a foreign root only runs a sealed copy of the program */
        DEFENCE_NET_FILTER,     /* every frame of the sandbox is checked */
        DEFENCE_NET_WALL,       /* every connection that libslirp makes is checked */
        DEFENCE_FIRST_LOOK,     /* the policy decides on the destination of a frame */
        DEFENCE_SECOND_LOOK, /* the policy decides again on the destination that libslirp is about to reach */
        DEFENCE_NAMES,       /* names of sandboxes are checked */
        DEFENCE_BENEATH,     /* apply never leaves the tree and follows no link */
        DEFENCE_STRIP,       /* apply applies no set-user-ID bit, capability or device */
        DEFENCE_CONFLICT,    /* apply detects changes of the host's file */
        DEFENCE_IDENTITY,    /* apply checks the exchanged file again */
        DEFENCE_FLAGS,       /* flagged changes are not applied without consent */
        DEFENCE_MARKS,       /* forged whiteouts and redirects are refused */
        DEFENCE_LIMITS,      /* holes in files are not data */
        DEFENCE_STATE,       /* kurung's state is inaccessible to other users */
        DEFENCE_JOIN,        /* exec joins only a running sandbox of the user */
        DEFENCE_NARROW,      /* a profile of a project may only restrict */
        DEFENCE_TRUST,       /* trust is bound to the content of a profile */
        DEFENCE_CONFINE,     /* helpers are confined */
        DEFENCE_LOWER_MASKS, /* hidden paths are hidden in fuse-overlayfs's lower, too */
        DEFENCE_MOUNT_WATCH, /* the sandbox ends if a mount disappears */
        DEFENCE_CORE,        /* no core dumps */
        DEFENCE_SAME_SOURCE, /* shared files are those that were looked up at the start */
        DEFENCE_SOURCE_LINKS,   /* links that a sandbox could have created are not followed */
        DEFENCE_HOMES,          /* all homes of the user are hidden, independently of HOME */
        DEFENCE_PAYLOAD_USERNS, /* a payload that may change its id has a user namespace of its own */
        DEFENCE_USER_SHARE,     /* the sandbox gets a share of resources counted per user */
        DEFENCE_DISK,           /* the disk keeps free space, and DiskMax= holds */
        DEFENCE_MEMORY_SHARE,   /* file systems in memory are bounded together */
        DEFENCE_STOPS,          /* a payload that stops itself does not stop kurung */
        DEFENCE_GROUP,          /* helpers leave the caller's process group */
        DEFENCE_ROUNDS,         /* the supervisor takes a limited number of a helper's messages at a time */
        DEFENCE_ANSWERS,        /* answers of a terminal to queries do not reach the shell */
        DEFENCE_ARGUMENTS,      /* the sandbox does not see kurung's arguments */
        DEFENCE_HELPER,         /* no helper is started from a place that a sandbox could write to */
        DEFENCE_PHASES,         /* a stage sends only messages that its phase allows */
        DEFENCE_MAX,
} Defence;

/** defence_is_on - return whether a defence is on. */
bool defence_is_on(Defence d);

/** The suffix of the names of kurung's helper programs: empty, except in the tests' own program. */
extern const char defence_program_suffix[];

/** defence_environment - return the environment of a helper program: empty, except in the tests' own program,
 * where it names the defences that are off. */
char *const *defence_environment(void);

/** defence_helper - return the path of the helper @program, or of its stand-in in the tests' own program. */
const char *defence_helper(const char *program);

/** defence_attack - return NULL; in the tests' own programs, the attack that a confined helper tries. */
const char *defence_attack(void);
