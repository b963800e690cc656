/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the program that tests build for themselves: the defence that KURUNG_DEFENCE_OFF names is off. So every
 * attack is seen to succeed once, and is known to be able to.
 */
#include "base/defence.h"

#include "base/failpoint.h"
#include "base/util.h"

#include <fcntl.h>
#include <signal.h>
#include <time.h>

extern char **environ;

static const char *const names[DEFENCE_MAX] = {
        [DEFENCE_SECCOMP] = "seccomp",
        [DEFENCE_CAPABILITIES] = "capabilities",
        [DEFENCE_NO_NEW_PRIVILEGES] = "no-new-privileges",
        [DEFENCE_NOT_DUMPABLE] = "not-dumpable",
        [DEFENCE_CLOSE_FDS] = "close-fds",
        [DEFENCE_ENVIRONMENT] = "environment",
        [DEFENCE_STREAMS] = "streams",
        [DEFENCE_PTY] = "pty",
        [DEFENCE_IPC_NAMESPACE] = "ipc-namespace",
        [DEFENCE_NET_NAMESPACE] = "net-namespace",
        [DEFENCE_LANDLOCK] = "landlock",
        [DEFENCE_GROUPS] = "groups",
        [DEFENCE_RESOLVE] = "resolve",
        [DEFENCE_MOUNT_FLAGS] = "mount-flags",
        [DEFENCE_MASKS] = "masks",
        [DEFENCE_PIN] = "pin",
        [DEFENCE_PRIVATE_MOUNTS] = "private-mounts",
        [DEFENCE_CWD] = "cwd",
        [DEFENCE_ESCAPE] = "escape",
        [DEFENCE_SEALED_PROGRAM] = "sealed-program",
        [DEFENCE_NET_FILTER] = "net-filter",
        [DEFENCE_NET_WALL] = "net-wall",
        [DEFENCE_FIRST_LOOK] = "first-look",
        [DEFENCE_SECOND_LOOK] = "second-look",
        [DEFENCE_NAMES] = "names",
        [DEFENCE_BENEATH] = "beneath",
        [DEFENCE_STRIP] = "strip",
        [DEFENCE_CONFLICT] = "conflict",
        [DEFENCE_IDENTITY] = "identity",
        [DEFENCE_FLAGS] = "flags",
        [DEFENCE_MARKS] = "marks",
        [DEFENCE_LIMITS] = "limits",
        [DEFENCE_STATE] = "state",
        [DEFENCE_JOIN] = "join",
        [DEFENCE_NARROW] = "narrow",
        [DEFENCE_TRUST] = "trust",
        [DEFENCE_CONFINE] = "confine",
        [DEFENCE_LOWER_MASKS] = "lower-masks",
        [DEFENCE_MOUNT_WATCH] = "mount-watch",
        [DEFENCE_CORE] = "core",
        [DEFENCE_SAME_SOURCE] = "same-source",
        [DEFENCE_SOURCE_LINKS] = "source-links",
        [DEFENCE_HOMES] = "homes",
        [DEFENCE_PAYLOAD_USERNS] = "payload-userns",
        [DEFENCE_USER_SHARE] = "user-share",
        [DEFENCE_DISK] = "disk",
        [DEFENCE_MEMORY_SHARE] = "memory-share",
        [DEFENCE_STOPS] = "stops",
        [DEFENCE_GROUP] = "group",
        [DEFENCE_ROUNDS] = "rounds",
        [DEFENCE_ANSWERS] = "answers",
        [DEFENCE_ARGUMENTS] = "arguments",
        [DEFENCE_HELPER] = "helper",
        [DEFENCE_PHASES] = "phases",
};

const char defence_program_suffix[] = "-undefended";

/* This program's own variables, and no more. */
char *const *defence_environment(void)
{
        static char *own[4];
        size_t n = 0;
        for (char **e = environ; *e && n < ARRAY_LEN(own) - 1; e++)
                if (str_starts(*e, "KURUNG_DEFENCE_OFF=") || str_starts(*e, "KURUNG_NET_ATTACK=") ||
                    str_starts(*e, "KURUNG_STAND_IN"))
                        own[n++] = *e;
        own[n] = NULL;
        return own;
}

const char *defence_helper(const char *program)
{
        const char *stand_in = getenv("KURUNG_STAND_IN");
        return stand_in ? stand_in : program;
}

const char *defence_attack(void)
{
        return getenv("KURUNG_NET_ATTACK");
}

bool defence_is_on(Defence d)
{
        const char *off = getenv("KURUNG_DEFENCE_OFF");
        if (!off)
                return true;
        for (const char *p = off; *p;) {
                size_t n = strcspn(p, ",");
                if (strlen(names[d]) == n && strncmp(p, names[d], n) == 0)
                        return false;
                p += n + (p[n] == ',');
        }
        return true;
}

/* Whether @variable, NAME[:N], means @name for the Nth time. */
static bool is_at(const char *variable, const char *name, unsigned long *hits)
{
        const char *wanted = getenv(variable);
        size_t n = strlen(name);
        if (!wanted || strncmp(wanted, name, n) != 0 || (wanted[n] && wanted[n] != ':'))
                return false;
        return ++*hits == (wanted[n] ? strtoul(wanted + n + 1, NULL, 10) : 1);
}

/* Adds a byte to the file that KURUNG_STALLED names, so that a test knows. */
static void tell_stalled(void)
{
        const char *path = getenv("KURUNG_STALLED");
        CLEANUP_FD int fd = path ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : FD_NONE;
        if (fd >= 0 && write(fd, ".", 1) < 0)
                abort();
}

void failpoint(const char *name)
{
        static unsigned long kills, stalls;
        const struct timespec more_than_a_second = {.tv_sec = 1, .tv_nsec = 200000000};
        if (is_at("KURUNG_FAILPOINT", name, &kills))
                (void)raise(SIGKILL);
        if (is_at("KURUNG_STALL", name, &stalls)) {
                tell_stalled();
                (void)nanosleep(&more_than_a_second, NULL);
        }
}
