/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a run, for users and programs. */
#pragma once

#include "run/report.h"

#include <stdio.h>

/** report_tell - print the limits that the run reached to stderr; with -v also its resource usage. */
void report_tell(const Plan *plan, const RunReport *report);

/**
 * report_write - write the report as JSON (kurung-report(5)).
 *
 * @failure: the error that ended the run; may be unset.
 *
 * Returns 0 or -errno with @err.
 */
int report_write(FILE *out, const Plan *plan, const RunReport *report, const Error *failure, Error *err);
