/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a kept sandbox, as a value and as text. */
#pragma once

#include "base/fields.h"
#include "changes/layer.h"
#include "plan/plan.h"

#include <time.h>

#define KEPT_LAYERS_MAX 256

typedef struct KeptRecord {
        struct timespec started; /* by the clock of the file system with the uppers */
        bool ended;              /* the payload has exited; otherwise it is running, or kurung was killed */
        int exit_code;           /* valid if ended */
        PlanIdentity identity;
        StrList argv;
        char *cwd;
        char *work_dir;       /* of the host; NULL: none */
        StrList spec;         /* as spec_store() formats it */
        StrList profiles;     /* as in PlanStorage */
        ChangesLayer *layers; /* in the plan's order */
        size_t n_layers;
} KeptRecord;

/** The storage format. */
extern const FieldTable kept_record_fields;

void kept_record_clear(KeptRecord *record);

/**
 * kept_record_make - make the record of a sandbox that is about to start.
 *
 * @spec, @work_dir: as in KeptRecord; NULL: none. @ret: owns copies of everything; the caller sets started,
 * ended and exit_code.
 *
 * Returns 0 or -errno with @err.
 */
int kept_record_make(const Plan *plan, const StrList *spec, const char *work_dir, KeptRecord *ret,
                     Error *err);

/** kept_record_print - format a record as text. @ret: owned. Returns 0 or -ENOMEM with @err. */
int kept_record_print(const KeptRecord *record, char **ret, size_t *ret_len, Error *err);

/**
 * kept_record_parse - parse the text of a record, or JSON of kurung 0.1. The whole record is refused if a
 * field is missing, has another type, or is out of range: a path that is not absolute and normalized, an
 * invalid name of a layer, an id map of another user.
 *
 * Returns 0; -EBADMSG, -ENOTSUP (of a later kurung) or -ENOMEM with @err.
 */
int kept_record_parse(const char *text, size_t len, KeptRecord *ret, Error *err);
