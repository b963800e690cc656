/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a kept sandbox, as a value and as text. */
#pragma once

#include "base/fields.h"
#include "changes/layer.h"
#include "plan/plan.h"

#include <time.h>

#define KEPT_LAYERS_MAX 256

typedef struct KeptRecord {
        struct timespec started; /* by the clock of the file system that the uppers are on */
        bool ended;              /* the payload has; else it runs, or kurung was killed */
        int exit_code;           /* with ended */
        PlanIdentity identity;
        StrList argv;
        char *cwd;
        char *work_dir;       /* the host's; NULL: none */
        StrList spec;         /* as spec_store() has it */
        ChangesLayer *layers; /* in the plan's order */
        size_t n_layers;
} KeptRecord;

/** How it is stored. */
extern const FieldTable kept_record_fields;

void kept_record_clear(KeptRecord *record);

/**
 * kept_record_make - the record of a sandbox that is about to start.
 *
 * @spec, @work_dir: as KeptRecord has them; NULL: none. @ret: owns copies of all; started, ended and
 * exit_code are the caller's.
 *
 * Returns 0 or -errno with @err.
 */
int kept_record_make(const Plan *plan, const StrList *spec, const char *work_dir, KeptRecord *ret,
                     Error *err);

/** kept_record_print - as text, owned. 0 or -ENOMEM with @err. */
int kept_record_print(const KeptRecord *record, char **ret, size_t *ret_len, Error *err);

/**
 * kept_record_parse - read it back, or what kurung 0.1 stored as JSON. Refused whole when anything is
 * missing, of another type or out of range: a path that is not absolute and clean, a layer's name that is
 * none, an id map of another user.
 *
 * Returns 0; -EBADMSG, -ENOTSUP (of a later kurung) or -ENOMEM with @err.
 */
int kept_record_parse(const char *text, size_t len, KeptRecord *ret, Error *err);
