/* SPDX-License-Identifier: Apache-2.0 */
/* The signals that ask for an end, while something is applied. */
#pragma once

#include "base/util.h"

#include <signal.h>

#define APPLY_SIGNALS 3

/** What the signals did before. */
typedef struct ApplySignals {
        struct sigaction before[APPLY_SIGNALS];
} ApplySignals;

/** apply_signals_take - from now on each is remembered once: a second one ends the process where it is, and
 * --resume or --rollback continues. Those that are ignored stay so. */
void apply_signals_take(ApplySignals *ret);

/** apply_signals_restore - as it was before. */
void apply_signals_restore(const ApplySignals *before);

/** apply_signals_got - the last one that came; 0: none. */
int apply_signals_got(void);

/** apply_signals_wake_fd - readable once one came (eventfd(2)); borrowed. FD_NONE: signals are not taken. */
int apply_signals_wake_fd(void);
