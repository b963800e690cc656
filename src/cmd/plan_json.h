/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "plan/plan.h"

/** plan_print_json - the plan as JSON, to stdout. 0 or -errno with @err. */
int plan_print_json(const Plan *plan, Error *err);
