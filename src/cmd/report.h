/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a run, for people and for programs. */
#pragma once

#include "run/report.h"

#include <stdio.h>

/** report_tell - to stderr: what hit a limit; with -v also what the run used. */
void report_tell(const Plan *plan, const RunReport *report);

/**
 * report_write - the report as JSON (kurung-report(5)).
 *
 * @failure: the error that ended the run, or one that is not set.
 *
 * Returns 0 or -errno with @err.
 */
int report_write(FILE *out, const Plan *plan, const RunReport *report, const Error *failure, Error *err);
