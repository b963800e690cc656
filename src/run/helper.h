/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A helper is a process that serves one sandbox from outside: its files, or its network. The payload
 * communicates with it and may take it over. Therefore every helper has its own process group, is confined by
 * confine/confine.h before its first request, and has a table of the messages that it may send in each state.
 * The supervisor uses a helper only through this interface.
 */
#pragma once

#include "base/error.h"

#include <poll.h>
#include <sys/types.h>

typedef struct Helper Helper;

/** The operations of a kind of helper. Each function except start and stop may be NULL. */
typedef struct HelperKind {
        const char *name;  /* for people: "fuse-overlayfs" */
        bool early;        /* started before the sandbox exists, otherwise in the control group of helpers */
        bool serves_files; /* the payload hangs while it is stopped, and cannot continue after it exits */

        /** prepare - do everything that can fail before any child exists. Returns 0 or -errno with @err. */
        int (*prepare)(Helper *h, Error *err);

        /** start - start the process: set helper->pidfd, and helper->channel if it sends messages. Returns 0
         * or -errno with @err. */
        int (*start)(Helper *h, Error *err);

        /** on_mapped - called when the ids of the sandbox are mapped. Returns 0 or -errno with @err. */
        int (*on_mapped)(Helper *h, Error *err);

        /** on_message - called when helper->channel is readable: handle a limited number of messages. Returns
         * 0, or -errno with @err if the sandbox must end. */
        int (*on_message)(Helper *h, Error *err);

        /**
         * on_end - called when the process has exited: reap it and close helper->pidfd.
         *
         * @expected: the sandbox is ending anyway.
         *
         * Returns 0, or -errno with @err if the sandbox must end.
         */
        int (*on_end)(Helper *h, bool expected, Error *err);

        /** stop - kill and reap a running process, and close everything, also if it never started. Returns 0,
         * or -errno with @err if the helper did not work. */
        int (*stop)(Helper *h, Error *err);
} HelperKind;

/** The members that all kinds share; the first member of each kind's own structure. */
struct Helper {
        const HelperKind *kind;
        bool started;
        int pidfd;    /* FD_NONE: not started, or reaped */
        int channel;  /* FD_NONE: none, or closed because no message can follow */
        bool stopped; /* by a signal, as helpers_look_for_stopped() detected */
        bool died;    /* it exited unexpectedly */
};

#define HELPER_OF(k) ((Helper){.kind = (k), .pidfd = FD_NONE, .channel = FD_NONE})

#define HELPERS_MAX 8

/** The helpers of one sandbox, in the order of their start. All are borrowed. */
typedef struct HelperList {
        Helper *items[HELPERS_MAX];
        size_t n;
} HelperList;

/** helpers_add - add a helper. Returns 0, or -E2BIG with @err. */
int helpers_add(HelperList *list, Helper *h, Error *err);

/** helpers_prepare - prepare all helpers. Returns 0 or -errno with @err. */
int helpers_prepare(const HelperList *list, Error *err);

/** helpers_start - start the helpers that are early, or those that are not, each only once. Returns 0 or
 * -errno with @err. */
int helpers_start(const HelperList *list, bool early, Error *err);

/** helpers_mapped - tell the started helpers that the ids are mapped. Returns 0 or -errno with @err. */
int helpers_mapped(const HelperList *list, Error *err);

/** Two per helper: its channel and its process. */
#define HELPER_POLLS (2 * HELPERS_MAX)

/** helpers_poll_prepare - fill HELPER_POLLS entries. */
void helpers_poll_prepare(const HelperList *list, struct pollfd fds[HELPER_POLLS]);

/** helpers_handle_messages - handle the messages of helpers. Returns 0, or -errno with @err: see
 * on_message. */
int helpers_handle_messages(const HelperList *list, const struct pollfd fds[HELPER_POLLS], Error *err);

/** helpers_handle_ends - reap helpers that have exited. Returns 0, or -errno with @err: see on_end. */
int helpers_handle_ends(const HelperList *list, const struct pollfd fds[HELPER_POLLS], bool expected,
                        Error *err);

/**
 * helpers_look_for_dying - when the payload has lost its file system, wait a moment for the exit of the
 * helper that served it, so that the cause is reported: a helper closes its files first. Returns like
 * helpers_handle_ends().
 */
int helpers_look_for_dying(const HelperList *list, bool expected, Error *err);

/** helpers_look_for_stopped - after SIGCHLD: tell the user about a stopped helper that serves files, because
 * it hangs the payload. */
void helpers_look_for_stopped(const HelperList *list);

/** helpers_are_stopped - return whether a helper that serves files is stopped, as helpers_look_for_stopped()
 * detected. */
bool helpers_are_stopped(const HelperList *list);

/** helpers_kill - send SIGKILL to helpers that serve files. Called before the payload is killed, because a
 * stopped helper would leave it waiting in the kernel forever. */
void helpers_kill(const HelperList *list);

/** helpers_have_died - return whether a helper that serves files exited unexpectedly. */
bool helpers_have_died(const HelperList *list);

/** helpers_stop - stop all helpers in reverse order. Returns 0, or the first -errno with @err. */
int helpers_stop(const HelperList *list, Error *err);
