/* SPDX-License-Identifier: Apache-2.0 */
/* A plan in words for users. */
#pragma once

#include "plan/plan.h"

#include <stdio.h>

/**
 * plan_print_words - describe the sandbox of a plan: the command and its user, what it can read, write and
 * reach, what is hidden, and its limits. Everything is read off the plan's operations, so that the text
 * cannot promise more than they do. plan_print() has the details.
 *
 * @colour: emphasize what reaches beyond the sandbox. @out: gets lines of at most about 100 columns, with all
 * text from elsewhere escaped.
 */
void plan_print_words(const Plan *plan, bool colour, FILE *out);
