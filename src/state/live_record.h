/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a running sandbox, as a value and as text: what joining it takes, and what is told of it.
 */
#pragma once

#include "base/fields.h"
#include "spec/namespace.h"
#include "plan/plan.h"

#include <time.h>

typedef struct LiveRecord {
        pid_t supervisor, init;
        uint64_t supervisor_started; /* field 22 of proc_pid_stat(5): with the pid, which process it is */
        int userns;                  /* the supervisor's descriptors of the namespaces; FD_NONE: none */
        int ns[NS_MAX];
        struct timespec started;
        bool kept;      /* what it writes is kept under its name */
        char *filter;   /* SeccompFilter.key */
        char *cgroup;   /* the payload's group as a path; NULL: none */
        char *unit;     /* the scope that holds it; NULL: none */
        char *work_dir; /* the host's; NULL: none */
        StrList spec;   /* as spec_store() has it */
        StrList text;   /* the plan's lines, as plan_print() has them */

        /* Of the plan. */
        uint64_t namespaces;
        PlanIdentity identity;   /* without the maps, which the user namespace has */
        PlanResources resources; /* those of each process */
        PlanPrivileges privileges;
        PlanPayload payload;
        NetworkMode network;
        bool foreign_root;          /* PlanRoot.foreign */
        char *state_dir, *runs_dir; /* as in PlanStorage */
} LiveRecord;

#define LIVE_RECORD_NONE ((LiveRecord){.userns = FD_NONE, .ns = {[0 ... NS_MAX - 1] = FD_NONE}})

/** How it is stored. */
extern const FieldTable live_record_fields;

void live_record_clear(LiveRecord *record);

/**
 * live_record_make - the part of a record that is known before the sandbox starts, with this process as the
 * supervisor.
 *
 * @spec, @work_dir: as LiveRecord has them; NULL: none. @ret: owns copies of all.
 *
 * Returns 0 or -errno with @err.
 */
int live_record_make(const Plan *plan, const StrList *spec, const char *work_dir, LiveRecord *ret,
                     Error *err);

/** live_record_print - as text; owned. 0 or -ENOMEM. */
int live_record_print(const LiveRecord *record, char **ret, size_t *ret_len);

/** live_record_parse - read it back, refused whole when a line is unknown, out of range or missing. 0,
 * -EBADMSG, -ENOTSUP (of another kurung) or -ENOMEM. */
int live_record_parse(const char *text, size_t len, LiveRecord *ret);
