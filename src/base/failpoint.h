/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points at which a test kills or delays the program. In kurung itself they do nothing (defence.c). In the
 * tests' program (tests/escape/defence_switch.c), KURUNG_FAILPOINT=NAME[:N] sends SIGKILL at the Nth time;
 * KURUNG_STALL=NAME[:N] delays it by more than a second, after adding a byte to the file that KURUNG_STALLED
 * names.
 */
#pragma once

void failpoint(const char *name);
