/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A helper is a process that serves one sandbox from outside of it: its files, its network. The payload talks
 * to it and may take it over, so every helper has a process group of its own, is confined by mech/confine.h
 * before its first request, and is heard by one table of what it may say when. The supervisor knows a helper
 * only by this interface.
 */
#pragma once

#include "base/error.h"

#include <poll.h>
#include <sys/types.h>

typedef struct Helper Helper;

/** What a kind of helper does. Each function but start and stop may be NULL. */
typedef struct HelperKind {
        const char *name;  /* for people: "fuse-overlayfs" */
        bool early;        /* started before the sandbox exists, else in the control group of helpers */
        bool serves_files; /* without it the payload hangs while it is stopped, and cannot go on once it ends
                            */

        /** prepare - all that can fail before any child exists. 0 or -errno with @err. */
        int (*prepare)(Helper *h, Error *err);

        /** start - make its process: helper->pidfd, and helper->channel when it is to be heard. 0 or -errno
         * with
         * @err. */
        int (*start)(Helper *h, Error *err);

        /** on_mapped - the ids of the sandbox are mapped. 0 or -errno with @err. */
        int (*on_mapped)(Helper *h, Error *err);

        /** on_message - helper->channel is readable: take some messages, but not as many as there may be. 0,
         * or -errno with @err when the sandbox has to end. */
        int (*on_message)(Helper *h, Error *err);

        /**
         * on_end - its process has ended: reap it and close helper->pidfd.
         *
         * @expected: the sandbox ends anyway.
         *
         * Returns 0, or -errno with @err when the sandbox has to end.
         */
        int (*on_end)(Helper *h, bool expected, Error *err);

        /** stop - end and reap what still runs, and close everything: also of one that never started. 0, or
         * -errno with @err when it did not serve. */
        int (*stop)(Helper *h, Error *err);
} HelperKind;

/** What all kinds have; the first member of each one's own structure. */
struct Helper {
        const HelperKind *kind;
        bool started;
        int pidfd;    /* FD_NONE: there is none, or it has been reaped */
        int channel;  /* FD_NONE: there is none, or it has nothing more to say */
        bool stopped; /* by a signal, as far as helpers_look_for_stopped() saw */
        bool died;    /* it ended when it was not to */
};

#define HELPER_OF(k) ((Helper){.kind = (k), .pidfd = FD_NONE, .channel = FD_NONE})

#define HELPERS_MAX 8

/** The helpers of one sandbox, in the order in which they are started. All are borrowed. */
typedef struct HelperList {
        Helper *items[HELPERS_MAX];
        size_t n;
} HelperList;

/** helpers_add - add one; 0, or -E2BIG with @err. */
int helpers_add(HelperList *list, Helper *h, Error *err);

/** helpers_prepare - prepare all. 0 or -errno with @err. */
int helpers_prepare(const HelperList *list, Error *err);

/** helpers_start - start those that are early, or that are not; nothing the second time. 0 or -errno with
 * @err. */
int helpers_start(const HelperList *list, bool early, Error *err);

/** helpers_mapped - the ids are mapped: those that have been started go on. 0 or -errno with @err. */
int helpers_mapped(const HelperList *list, Error *err);

/** For each helper its channel and its process. */
#define HELPER_POLLS (2 * HELPERS_MAX)

/** helpers_poll_prepare - fill HELPER_POLLS entries. */
void helpers_poll_prepare(const HelperList *list, struct pollfd fds[HELPER_POLLS]);

/** helpers_handle_messages - hear those that have said something. 0, or -errno with @err: see on_message. */
int helpers_handle_messages(const HelperList *list, const struct pollfd fds[HELPER_POLLS], Error *err);

/** helpers_handle_ends - reap those that have ended. 0, or -errno with @err: see on_end. */
int helpers_handle_ends(const HelperList *list, const struct pollfd fds[HELPER_POLLS], bool expected,
                        Error *err);

/**
 * helpers_look_for_dying - the payload has lost its file system: give the helper that serves it a moment to
 * end, as it closes its files first, so that the cause is reported. As helpers_handle_ends().
 */
int helpers_look_for_dying(const HelperList *list, bool expected, Error *err);

/** helpers_look_for_stopped - after SIGCHLD: a stopped helper that serves files hangs the payload, and nobody
 * would know why. */
void helpers_look_for_stopped(const HelperList *list);

/** helpers_are_stopped - whether one that serves files is, as far as helpers_look_for_stopped() saw. */
bool helpers_are_stopped(const HelperList *list);

/** helpers_kill - SIGKILL to those that serve files: before the payload's, as a stopped one would leave it
 * waiting in the kernel for ever. */
void helpers_kill(const HelperList *list);

/** helpers_have_died - whether one that serves files ended when it was not to. */
bool helpers_have_died(const HelperList *list);

/** helpers_stop - stop all, the latest first. 0, or the first -errno with @err. */
int helpers_stop(const HelperList *list, Error *err);
