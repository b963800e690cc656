/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transient scope of the systemd user manager (org.freedesktop.systemd1(5), StartTransientUnit), asked for
 * without waiting. libsystemd is loaded only here and only now: linking it would cost every start.
 */
#pragma once

#include "plan/plan.h"

struct sd_bus;
struct sd_bus_slot;

typedef struct Scope {
        struct sd_bus *bus; /* NULL: nothing was asked for */
        char unit[96];      /* "kurung-NAME.scope" */
        bool ended;         /* the job is done, or has failed */
        Error error;        /* why it failed */
} Scope;

/**
 * scope_request - ask for a scope that holds these processes and is handed over to us ("Delegate=yes").
 *
 * @socket: the manager's private socket. @name: the sandbox's. @description: one line for people; bytes that
 *          are no UTF-8 are replaced.
 * @resources: whose limits with "outer" become the scope's properties.
 *
 * Returns 0 or -errno with @err: libsystemd is missing, nobody answers.
 */
int scope_request(Scope *s, const PlanResources *resources, const char *name, const char *description,
                  const pid_t *pids, size_t n_pids, Error *err);

/**
 * scope_attach - move @pid into a control group of a scope that runs, and wait until it is there.
 *
 * @manager: the manager's private socket. @group: below the scope's, "/payload".
 *
 * Returns 0 or -errno with @err.
 */
int scope_attach(const char *manager, const char *unit, const char *group, pid_t pid, Error *err);

/** scope_fd, scope_events, scope_timeout_ms - what to wait for with poll(2) until scope_process(). */
int scope_fd(const Scope *s);
short scope_events(const Scope *s);
int scope_timeout_ms(const Scope *s);

/** scope_process - go on with what has come. Returns 1 once the scope is there, 0 while it is not, -errno
 * with @err when there will be none. */
int scope_process(Scope *s, Error *err);

/** scope_clear - end the talk. The scope stays while processes are in it. */
void scope_clear(Scope *s);
