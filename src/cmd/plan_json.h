/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "plan/plan.h"

/** plan_print_json - print the plan as JSON to stdout. Returns 0 or -errno with @err. */
int plan_print_json(const Plan *plan, Error *err);
