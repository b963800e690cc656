/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transient scope of the systemd user manager (org.freedesktop.systemd1(5), StartTransientUnit), requested
 * asynchronously. libsystemd is loaded only here and only on demand: linking it would slow down every start.
 */
#pragma once

#include "plan/plan.h"

struct sd_bus;
struct sd_bus_slot;

typedef struct Scope {
        struct sd_bus *bus; /* NULL: no request */
        char unit[96];      /* "kurung-NAME.scope" */
        bool ended;         /* the job has finished or failed */
        Error error;        /* the reason of the failure */
} Scope;

/**
 * scope_request - request a scope that contains these processes and is delegated to kurung ("Delegate=yes").
 *
 * @resources: user_manager is the manager's private socket; limits with "outer" become the scope's
 * properties.
 * @name: the sandbox's name. @description: one line for people; invalid UTF-8 is replaced.
 * @pids: the @n_pids processes.
 *
 * Returns 0 or -errno with @err: libsystemd is missing, or the manager does not answer.
 */
int scope_request(Scope *s, const PlanResources *resources, const char *name, const char *description,
                  const pid_t *pids, size_t n_pids, Error *err);

/**
 * scope_attach - move @pid into a control group of a running scope, and wait until it is there.
 *
 * @manager: the manager's private socket. @group: path below the scope's group, such as "/payload".
 *
 * Returns 0 or -errno with @err.
 */
int scope_attach(const char *manager, const char *unit, const char *group, pid_t pid, Error *err);

/** scope_fd, scope_events, scope_timeout_ms - return the parameters of poll(2) before scope_process(). */
int scope_fd(const Scope *s);
short scope_events(const Scope *s);
int scope_timeout_ms(const Scope *s);

/** scope_process - process messages. Returns 1 if the scope exists, 0 if it does not exist yet, -errno with
 * @err if it failed. */
int scope_process(Scope *s, Error *err);

/** scope_clear - close the connection. The scope exists while it has processes. */
void scope_clear(Scope *s);
