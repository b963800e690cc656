/* SPDX-License-Identifier: Apache-2.0 */
/* bwrap's words for errors, by which other programs recognise them. */
#pragma once

#include "plan/plan.h"

/** bwrap_say - replace the text of an error whose step is known by bwrap's. @own_user: with a new user
 * namespace. */
void bwrap_say(const Plan *plan, bool own_user, Error *err);
