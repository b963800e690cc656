/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the program that tests build for themselves, which is linked so that stages send by these functions
 * (ld(1), --wrap): a stage that was taken over (attack 101). KURUNG_INTRUDER=WHEN:WHAT[:VALUE[:FDS]] sends
 * one message more, with FDS descriptors, before the first message WHEN of its own; "+WHEN": after it. With
 * "!" at the end the process ends then.
 */
#include "base/channel.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

int __real_channel_send_fds(int channel, MessageType type, int value, const int *fds, size_t n);
int __wrap_channel_send_fds(int channel, MessageType type, int value, const int *fds, size_t n);
int __wrap_channel_send(int channel, MessageType type, int value, int fd);

/* What only stages send, by name. MSG_SYNC is SYNC_NETNS here. */
static const char *const names[] = {
        [MSG_SYNC] = "sync",
        [MSG_ERROR] = "error",
        [MSG_FUSE_DEVICE] = "fuse",
        [MSG_TERMINAL] = "terminal",
        [MSG_TAP] = "tap",
        [MSG_SOCKETS] = "sockets",
        [MSG_NAMESPACES] = "namespaces",
        [MSG_MOUNTS] = "mounts",
        [MSG_MISSING] = "missing",
        [MSG_STARTED] = "started",
        [MSG_SIGNAL] = "signal",
        [MSG_STOPPED] = "stopped",
        [MSG_EXIT] = "exit",
        [MSG_EXIT_LAST] = "last",
};

static int type_of(const char *name)
{
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (str_eq(names[i], name))
                        return (int)i;
        return atoi(name);
}

static void forge(int channel, const char *what, int value, size_t n)
{
        int fds[CHANNEL_FDS_MAX];
        if (str_eq(what, "junk")) {
                (void)send(channel, "x", 1, MSG_NOSIGNAL);
                return;
        }
        for (size_t i = 0; i < n; i++)
                fds[i] = memfd_create("intruder", MFD_CLOEXEC);
        if (type_of(what) == MSG_ERROR) {
                Error err = {0};
                (void)error_set(&err, ENOENT, "forged");
                (void)channel_send_error(channel, &err);
        } else {
                (void)__real_channel_send_fds(channel, (MessageType)type_of(what), value, fds, n);
        }
        for (size_t i = 0; i < n; i++)
                fd_close(fds[i]);
}

int __wrap_channel_send_fds(int channel, MessageType type, int value, const int *fds, size_t n)
{
        static bool done;
        const char *intruder = getenv("KURUNG_INTRUDER");
        char when[16] = "", what[16] = "", *at = when;
        int forged = 0, many = 0;
        bool own = intruder && !done &&
                   sscanf(intruder, "%15[^:]:%15[^:]:%d:%d", when, what, &forged, &many) >= 2;
        bool after = own && when[0] == '+';
        at += after;
        own = own && (int)type == type_of(at) && (type != MSG_SYNC || value == SYNC_NETNS) &&
              (type != MSG_STARTED || n == 0);
        done = done || own;
        if (own && !after)
                forge(channel, what, forged, (size_t)many);
        bool ends = own && strchr(intruder, '!');
        if (ends && !after)
                _exit(0);
        int r = __real_channel_send_fds(channel, type, value, fds, n);
        if (own && after)
                forge(channel, what, forged, (size_t)many);
        if (ends)
                _exit(0);
        return r;
}

int __wrap_channel_send(int channel, MessageType type, int value, int fd)
{
        return __wrap_channel_send_fds(channel, type, value, &fd, fd >= 0 ? 1 : 0);
}
