/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points at which a test wants the program killed, or slow. In kurung itself nothing happens there
 * (defence.c); the program that tests build has KURUNG_FAILPOINT=NAME[:N] (tests/escape/defence_switch.c):
 * SIGKILL at the Nth time, and KURUNG_STALL=NAME[:N]: then it takes longer than a second, and a byte is added
 * to the file that KURUNG_STALLED names when it begins.
 */
#pragma once

void failpoint(const char *name);
