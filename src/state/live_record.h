/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a running sandbox, as a value and as text: the data for joining it, and for display. */
#pragma once

#include "base/fields.h"
#include "spec/namespace.h"
#include "plan/plan.h"

#include <time.h>

typedef struct LiveRecord {
        pid_t supervisor, init;
        uint64_t supervisor_started; /* field 22 of proc_pid_stat(5): identifies the process together with the
                                        pid */
        int userns;                  /* the supervisor's descriptors of the namespaces; FD_NONE: none */
        int ns[NS_MAX];
        struct timespec started;
        bool kept;        /* the changes are kept under its name */
        char *filter;     /* SeccompFilter.key */
        char *cgroup;     /* path of the payload's group; NULL: none */
        char *unit;       /* the scope that contains it; NULL: none */
        char *work_dir;   /* of the host; NULL: none */
        StrList spec;     /* as spec_store() formats it */
        StrList ports;    /* published ones, as net_publish_print() formats them, with the chosen ports of the
                             host */
        StrList text;     /* lines of plan_print() */
        StrList words;    /* lines of plan_print_words() */
        StrList profiles; /* as in PlanStorage */

        /* From the plan: */
        uint64_t namespaces;
        PlanIdentity identity;   /* stored without the maps, which the user namespace has */
        PlanResources resources; /* the parts that apply to another command */
        PlanPrivileges privileges;
        PlanPayload payload;
        NetworkMode network;
        bool foreign_root;          /* PlanRoot.foreign */
        char *state_dir, *runs_dir; /* as in PlanStorage */
} LiveRecord;

#define LIVE_RECORD_NONE ((LiveRecord){.userns = FD_NONE, .ns = {[0 ... NS_MAX - 1] = FD_NONE}})

/** The storage format. */
extern const FieldTable live_record_fields;

void live_record_clear(LiveRecord *record);

/**
 * live_record_make - make the part of a record that is known before the sandbox starts, with this process as
 * the supervisor.
 *
 * @spec, @work_dir: as in LiveRecord; NULL: none. @ret: owns copies of everything.
 *
 * Returns 0 or -errno with @err.
 */
int live_record_make(const Plan *plan, const StrList *spec, const char *work_dir, LiveRecord *ret,
                     Error *err);

/** live_record_print - format a record as text. @ret: owned. Returns 0 or -ENOMEM. */
int live_record_print(const LiveRecord *record, char **ret, size_t *ret_len);

/** live_record_parse - parse the text of a record. The whole record is refused if a line is unknown, out of
 * range or missing. Returns 0, -EBADMSG, -ENOTSUP (of another kurung) or -ENOMEM. */
int live_record_parse(const char *text, size_t len, LiveRecord *ret);
