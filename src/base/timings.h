/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ends of the phases of a start. In kurung itself, timings_reached() does nothing (timings.c); in the
 * program of the benchmark (tests/bench/timings.c), it records the time.
 */
#pragma once

/** timings_reached - note that @phase has ended in this process: a string constant. */
void timings_reached(const char *phase);
