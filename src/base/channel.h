/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only channel between stages: typed messages over a SOCK_SEQPACKET pair. The kernel preserves message
 * boundaries (unix(7)), so that a message arrives whole or not at all.
 */
#pragma once

#include "base/error.h"

/** The points at which supervisor and setup wait for each other, in their order. */
typedef enum SyncPoint {
        SYNC_USERNS, /* supervisor: the id maps are written */
        SYNC_CGROUP, /* supervisor: the payload's cgroup exists */
        SYNC_NETNS,  /* setup: the network namespace is ready for its helper */
        SYNC_ROOTFS, /* supervisor: helpers of the root (fuse-overlayfs) run */
        SYNC_EXEC,   /* supervisor: the payload may start */
} SyncPoint;

typedef enum MessageType {
        MSG_SYNC,        /* value: SyncPoint */
        MSG_ERROR,       /* error; value: -errno */
        MSG_FUSE_DEVICE, /* fd: an opened /dev/fuse, already mounted */
        MSG_TERMINAL,    /* fd: the pty's master */
        MSG_TAP,         /* fd: the net helper's end of the tap device */
        MSG_SOCKETS,     /* fd: the net helper's end of the channel by which init makes sockets */
        MSG_NAMESPACES,  /* value: bit N for namespace N (NS_*); fds: theirs, in that order */
        MSG_MOUNTS,      /* fd: /proc/self/mountinfo of the setup stage, the root complete */
        MSG_MISSING,     /* value: an operation of the plan whose destination does not exist */
        MSG_STARTED, /* the payload exists; value: its pid, as its parent sees it. From the stage that starts
                        a helper: the helper exists; fd: its pidfd */
        MSG_SIGNAL,  /* value: signal for the payload */
        MSG_STOPPED, /* value: the signal that stopped the payload */
        MSG_EXIT,    /* value: wait(2) status of the payload */
        MSG_EXIT_LAST, /* the same, and only init remains inside */
} MessageType;

typedef struct Message {
        MessageType type;
        int value;
        Error error; /* sent only with MSG_ERROR */
} Message;

/** channel_make - create a connected pair, both ends close-on-exec. Returns 0 or -errno. */
int channel_make(int ret_fds[2]);

/** channel_send - send a message, with one descriptor if @fd >= 0 (borrowed). Returns 0 or -errno; no
 * SIGPIPE. */
int channel_send(int channel, MessageType type, int value, int fd);

/** channel_write - like channel_send() without a descriptor, by write(2), which no system call filter
 * refuses. SIGPIPE must be blocked or ignored. */
int channel_write(int channel, MessageType type, int value);

#define CHANNEL_FDS_MAX 8

/** channel_send_fds - send a message with several descriptors (borrowed). */
int channel_send_fds(int channel, MessageType type, int value, const int *fds, size_t n);

/** channel_send_error - send @err whole; an empty error is filled first, so that no failure is silent. */
int channel_send_error(int channel, const Error *err);

/**
 * channel_fail - complete and send @err; every failed stage ends with it.
 *
 * @r: the -errno that was returned. @stage: its name, for an error without a text.
 *
 * Returns the status for _exit(2), never 0.
 */
int channel_fail(int channel, Error *err, int r, const char *stage);

/**
 * channel_receive - wait for the next message.
 *
 * @ret_fd: the descriptor in the message, close-on-exec, otherwise FD_NONE; if NULL, an arriving one is
 * closed.
 *
 * Returns 1; 0 at the end (all other ends closed); -EBADMSG if the data is not a message; -errno of
 * recvmsg(2).
 */
int channel_receive(int channel, Message *ret, int *ret_fd);

/** channel_receive_fds - wait for the next message, with up to CHANNEL_FDS_MAX descriptors in @ret_fds. */
int channel_receive_fds(int channel, Message *ret, int ret_fds[CHANNEL_FDS_MAX], size_t *ret_n);

/**
 * channel_expect_sync - wait until the other side reaches @point.
 *
 * Returns 0; the other side's error if it sends one (then @err holds it); -ECONNRESET if it has exited.
 */
int channel_expect_sync(int channel, SyncPoint point, Error *err);
