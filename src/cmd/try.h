/* SPDX-License-Identifier: Apache-2.0 */
/* What follows the run of "kurung try". */
#pragma once

#include "base/error.h"

/** try_review - show what the kept sandbox @name changed, ask what is to become of it, and do that. Without a
 * terminal it is kept. 0 or -errno with @err. */
int try_review(const char *name, Error *err);
