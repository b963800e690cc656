/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "plan/plan.h"

#include <stdio.h>

/**
 * plan_print_json - print the plan as JSON. What only front ends other than profiles request is there only if
 * it differs from what kurung itself does.
 *
 * Returns 0; -ENOENT with @err without json-c.
 */
int plan_print_json(const Plan *plan, FILE *out, Error *err);
