/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The defences by name, so that tests can try every attack once with its defence switched off. In kurung
 * itself defence_is_on() is always true (defence.c); only the program that the tests build for themselves is
 * linked with another definition (tests/escape/defence_switch.c).
 */
#pragma once

#include "base/util.h"

typedef enum Defence {
        DEFENCE_SECCOMP,
        DEFENCE_CAPABILITIES,
        DEFENCE_NO_NEW_PRIVILEGES,
        DEFENCE_NOT_DUMPABLE, /* our processes inside can't be looked into */
        DEFENCE_CLOSE_FDS,    /* only 0-2 reach the payload */
        DEFENCE_ENVIRONMENT,  /* rebuilt, helpers get none */
        DEFENCE_STREAMS,      /* no file of the host's is handed on as 0, 1 or 2 */
        DEFENCE_PTY,          /* a terminal and a session of one's own */
        DEFENCE_IPC_NAMESPACE,
        DEFENCE_NET_NAMESPACE,
        DEFENCE_LANDLOCK,
        DEFENCE_GROUPS,      /* supplementary groups dropped */
        DEFENCE_RESOLVE,     /* paths resolved inside the root, without magic links */
        DEFENCE_MOUNT_FLAGS, /* nosuid, nodev, read-only */
        DEFENCE_MASKS,
        DEFENCE_PIN,
        DEFENCE_PRIVATE_MOUNTS, /* no mount of ours reaches the host */
        DEFENCE_CWD,            /* the working directory is checked to be inside */
        DEFENCE_ESCAPE,         /* control bytes in what we print */
        DEFENCE_SEALED_PROGRAM, /* what runs in a foreign root is a sealed copy of us */
        DEFENCE_NET_FILTER,     /* every frame of the sandbox is looked at */
        DEFENCE_NET_WALL,       /* and every connection that libslirp makes */
        DEFENCE_FIRST_LOOK,     /* the policy is asked about the destination of a frame */
        DEFENCE_SECOND_LOOK,    /* and about the one that libslirp is about to reach */
        DEFENCE_NAMES,          /* names of sandboxes are checked */
        DEFENCE_BENEATH,        /* apply never leaves the tree, nor follows a link */
        DEFENCE_STRIP,          /* apply takes no setuid bit, capability or device */
        DEFENCE_CONFLICT,       /* apply looks whether the host's file changed meanwhile */
        DEFENCE_IDENTITY,       /* and once more when it is exchanged */
        DEFENCE_FLAGS,          /* what needs a second look is not taken unasked */
        DEFENCE_MARKS,          /* forged whiteouts and redirects are refused */
        DEFENCE_LIMITS,         /* holes are no data */
        DEFENCE_STATE,          /* state is ours and closed to others */
        DEFENCE_JOIN,           /* what is joined is a sandbox of ours that runs */
        DEFENCE_NARROW,         /* a profile of a project may only take rights away */
        DEFENCE_TRUST,          /* trust is bound to what a profile says */
        DEFENCE_CONFINE,        /* a helper has only what it works on */
        DEFENCE_LOWER_MASKS,    /* what is hidden is so in the lower of fuse-overlayfs, too */
        DEFENCE_MOUNT_WATCH,    /* a mount that disappears ends the sandbox */
        DEFENCE_CORE,           /* no core dumps */
        DEFENCE_SAME_SOURCE,    /* what is shared is what was looked up when kurung started */
        DEFENCE_SOURCE_LINKS,   /* links that a sandbox could have made are not followed */
        DEFENCE_HOMES,          /* every home of the user's is hidden, whatever HOME says */
        DEFENCE_PAYLOAD_USERNS, /* who may change its id has a user namespace below the sandbox's */
        DEFENCE_USER_SHARE,     /* of what is counted for each user the sandbox gets a share */
        DEFENCE_DISK,           /* the disk keeps free space, and DiskMax= holds */
        DEFENCE_MEMORY_SHARE,   /* file systems in memory are bounded together */
        DEFENCE_STOPS,          /* a payload that stops itself stops nobody else */
        DEFENCE_GROUP,          /* helpers leave the caller's process group */
        DEFENCE_ROUNDS,         /* of a helper's messages some are taken at a time */
        DEFENCE_ANSWERS,        /* what a terminal sends by itself is not left to the shell */
        DEFENCE_ARGUMENTS,      /* nobody inside sees how kurung was called */
        DEFENCE_HELPER,         /* no helper is started from where a sandbox could write */
        DEFENCE_PHASES,         /* a stage says only what its phase allows */
        DEFENCE_MAX,
} Defence;

/** defence_is_on - whether a defence is to be applied. */
bool defence_is_on(Defence d);

/** What the name of a helper program of ours ends with: empty, but in the tests' own. */
extern const char defence_program_suffix[];

/** defence_environment - the environment of a helper program: empty, but in the tests' own, where it names
 * what is off. */
char *const *defence_environment(void);

/** defence_helper - @program, a helper that is not ours; in the tests' own program what stands in for it. */
const char *defence_helper(const char *program);

/** defence_attack - NULL; in the tests' own programs what a helper shall do once it is locked down. */
const char *defence_attack(void);
