/* SPDX-License-Identifier: Apache-2.0 */
/* The signals that interrupt an apply. */
#pragma once

#include "base/util.h"

#include <signal.h>

#define APPLY_SIGNALS 3

/** The earlier handlers of the signals. */
typedef struct ApplySignals {
        struct sigaction before[APPLY_SIGNALS];
} ApplySignals;

/** apply_signals_take - handle each signal once: the first one only interrupts the apply; a second one kills
 * the process, and --resume or --rollback continues later. Ignored signals stay ignored. */
void apply_signals_take(ApplySignals *ret);

/** apply_signals_restore - restore the earlier handlers. */
void apply_signals_restore(const ApplySignals *before);

/** apply_signals_got - return the last signal that arrived; 0: none. */
int apply_signals_got(void);

/** apply_signals_wake_fd - return an eventfd(2) that is readable once a signal arrived; borrowed. FD_NONE:
 * the signals are not handled. */
int apply_signals_wake_fd(void);
