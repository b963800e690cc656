/* SPDX-License-Identifier: Apache-2.0 */
/* Requests a scope from the systemd user manager. */
#include "mech/scope.h"

#include "base/library.h"
#include "base/log.h"
#include "spec/keys.h"

#include <limits.h>
#include <stdio.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define MANAGER "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"

/* Timeout for the reply to the call; the job that it starts has no timeout here. */
#define TIMEOUT_US (60 * UINT64_C(1000000))

/* clang-format off */
#define BUS_FUNCTIONS(X)                                                                                     \
        X(new, sd_bus_new) X(set_address, sd_bus_set_address) X(start, sd_bus_start)                         \
        X(add_filter, sd_bus_add_filter) X(call_async, sd_bus_call_async) X(call, sd_bus_call)               \
        X(process, sd_bus_process) X(get_fd, sd_bus_get_fd) X(get_events, sd_bus_get_events)                 \
        X(get_timeout, sd_bus_get_timeout) X(close_unref, sd_bus_close_unref)                                \
        X(new_method_call, sd_bus_message_new_method_call) X(append, sd_bus_message_append)                  \
        X(open_container, sd_bus_message_open_container) X(close_container, sd_bus_message_close_container)  \
        X(read, sd_bus_message_read) X(is_signal, sd_bus_message_is_signal)                                  \
        X(get_error, sd_bus_message_get_error) X(unref, sd_bus_message_unref)
/* clang-format on */
LIBRARY(bus, BUS_FUNCTIONS, "libsystemd", "libsystemd0", "recommended",
        "Limits in a scope of the systemd user manager", "libsystemd.so.0");

/* Writes a path as a part of a D-Bus address: all but a few bytes become %NN (D-Bus Specification, "Server
 * addresses"). */
static void escape_address(const char *path, char *out, size_t room)
{
        size_t len = (size_t)snprintf(out, room, "unix:path=");
        for (; *path && len + 4 < room; path++) {
                bool plain = (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') ||
                             (*path >= '0' && *path <= '9') || strchr("-_/.", *path);
                len += (size_t)snprintf(out + len, room - len, plain ? "%c" : "%%%02x", (unsigned char)*path);
        }
}

static void failed(Scope *s, int e, const char *text)
{
        s->ended = true;
        (void)error_set(&s->error, e, "the systemd user manager refused a scope: %s", text);
}

/* Handles the reply to the call. On success, a job starts, whose end is a signal. */
static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Scope *s = userdata;
        (void)unused;
        const sd_bus_error *e = bus.get_error(m);
        if (e)
                failed(s, EIO, e->message ? e->message : e->name);
        return 1;
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Scope *s = userdata;
        uint32_t id;
        const char *job, *unit, *result;
        (void)unused;
        if (bus.is_signal(m, MANAGER_INTERFACE, "JobRemoved") <= 0 ||
            bus.read(m, "uoss", &id, &job, &unit, &result) < 0 || !str_eq(unit, s->unit))
                return 0;
        if (str_eq(result, "done"))
                s->ended = true;
        else
                failed(s, EIO, result);
        return 1;
}

static int append_pids(sd_bus_message *m, const pid_t *pids, size_t n)
{
        int r = bus.open_container(m, 'r', "sv");
        if (r >= 0)
                r = bus.append(m, "s", "PIDs");
        if (r >= 0)
                r = bus.open_container(m, 'v', "au");
        if (r >= 0)
                r = bus.open_container(m, 'a', "u");
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = bus.append(m, "u", (uint32_t)pids[i]);
        for (int i = 0; r >= 0 && i < 3; i++)
                r = bus.close_container(m);
        return r;
}

/* Weights are compared among siblings, and systemd manages the siblings of a scope: so the request contains
 * them. */
static int append_shares(sd_bus_message *m, const PlanResources *resources)
{
        int r = 0;
        for (size_t i = 0; r >= 0 && i < resources->n_limits; i++)
                if (resources->limits[i].outer)
                        r = bus.append(m, "(sv)", keys[resources->limits[i].key].name, "t",
                                       resources->limits[i].number);
        return r;
}

static int append_properties(sd_bus_message *m, const PlanResources *resources, const char *description,
                             const pid_t *pids, size_t n_pids)
{
        int r = bus.open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = bus.append(m, "(sv)", "Description", "s", description);
        /* Only these controllers; this implies "Delegate=yes". */
        if (r >= 0)
                r = bus.append(m, "(sv)", "DelegateControllers", "as", 4, "cpu", "io", "memory", "pids");
        /* Removes a failed scope from "systemctl --failed". */
        if (r >= 0)
                r = bus.append(m, "(sv)", "CollectMode", "s", "inactive-or-failed");
        if (r >= 0)
                r = append_shares(m, resources);
        if (r >= 0)
                r = append_pids(m, pids, n_pids);
        if (r >= 0)
                r = bus.close_container(m);
        return r;
}

static int send_request(Scope *s, const PlanResources *resources, const char *description, const pid_t *pids,
                        size_t n_pids)
{
        sd_bus_message *m = NULL;
        char address[3 * PATH_MAX];
        escape_address(resources->user_manager, address, sizeof(address));
        int r = bus.new(&s->bus);
        if (r >= 0)
                r = bus.set_address(s->bus, address);
        if (r >= 0)
                r = bus.start(s->bus);
        if (r >= 0)
                r = bus.add_filter(s->bus, NULL, on_message, s);
        if (r >= 0)
                r = bus.new_method_call(s->bus, &m, MANAGER, MANAGER_PATH, MANAGER_INTERFACE,
                                        "StartTransientUnit");
        if (r >= 0)
                r = bus.append(m, "ss", s->unit, "fail");
        if (r >= 0)
                r = append_properties(m, resources, description, pids, n_pids);
        /* No auxiliary units. */
        if (r >= 0)
                r = bus.append(m, "a(sa(sv))", 0);
        if (r >= 0)
                r = bus.call_async(s->bus, NULL, m, on_reply, s, TIMEOUT_US);
        if (m)
                (void)bus.unref(m);
        return r;
}

int scope_request(Scope *s, const PlanResources *resources, const char *name, const char *description,
                  const pid_t *pids, size_t n_pids, Error *err)
{
        CLEANUP_FREE char *clean = text_valid_utf8(description);
        if (!clean)
                return error_no_memory(err);
        int r = library_load(&bus_library, err);
        if (r < 0)
                return r;
        (void)snprintf(s->unit, sizeof(s->unit), "kurung-%.64s.scope", name);
        r = send_request(s, resources, clean, pids, n_pids);
        if (r < 0) {
                scope_clear(s);
                return error_set_errno(err, r, "cannot request a scope from the systemd user manager");
        }
        return 0;
}

/* Calls AttachProcessesToUnit() (org.freedesktop.systemd1(5)). The user manager asks the system manager if it
 * may not move the process itself. */
int scope_attach(const char *manager, const char *unit, const char *group, pid_t pid, Error *err)
{
        sd_bus_message *m = NULL;
        sd_bus *b = NULL;
        char address[3 * PATH_MAX];
        int r = library_load(&bus_library, err);
        if (r < 0)
                return r;
        escape_address(manager, address, sizeof(address));
        r = bus.new(&b);
        if (r >= 0)
                r = bus.set_address(b, address);
        if (r >= 0)
                r = bus.start(b);
        if (r >= 0)
                r = bus.new_method_call(b, &m, MANAGER, MANAGER_PATH, MANAGER_INTERFACE,
                                        "AttachProcessesToUnit");
        if (r >= 0)
                r = bus.append(m, "ss", unit, group);
        if (r >= 0)
                r = bus.append(m, "au", 1, (uint32_t)pid);
        if (r >= 0)
                r = bus.call(b, m, TIMEOUT_US, NULL, NULL);
        if (m)
                (void)bus.unref(m);
        if (b)
                (void)bus.close_unref(b);
        return r < 0 ? error_set_errno(err, r,
                                       "cannot move the command into '%s' through the systemd user manager",
                                       unit)
                     : 0;
}

int scope_fd(const Scope *s)
{
        return s->bus ? bus.get_fd(s->bus) : FD_NONE;
}

short scope_events(const Scope *s)
{
        int events = s->bus ? bus.get_events(s->bus) : 0;
        return events < 0 ? 0 : (short)events;
}

int scope_timeout_ms(const Scope *s)
{
        uint64_t until;
        struct timespec now;
        if (!s->bus || bus.get_timeout(s->bus, &until) < 0 || until == UINT64_MAX)
                return -1;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        uint64_t us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
        return until <= us ? 0 : (int)((until - us + 999) / 1000);
}

int scope_process(Scope *s, Error *err)
{
        int r = 1;
        while (!s->ended && r > 0)
                r = bus.process(s->bus, NULL);
        if (r < 0 && !s->ended)
                failed(s, -r, strerror(-r));
        if (s->error.errnum != 0)
                return error_set(err, s->error.errnum, "%s", s->error.text);
        return s->ended;
}

void scope_clear(Scope *s)
{
        if (s->bus)
                (void)bus.close_unref(s->bus);
        s->bus = NULL;
}
