/* SPDX-License-Identifier: Apache-2.0 */
/* Human-readable sizes and times. */
#pragma once

#include "base/util.h"

/** format_bytes - write "64M", "1.5G" or "700B" (base 1024) to @out; UINT64_MAX is "infinity". Returns @out.
 */
char *format_bytes(uint64_t bytes, char *out, size_t room);

/** format_us - write a time span in microseconds as "1.25s", "3min 5s" or "340ms" to @out. Returns @out. */
char *format_us(uint64_t us, char *out, size_t room);
