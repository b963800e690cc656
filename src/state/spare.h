/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spare run directories: a run that wrote nothing leaves its directory, and a later start takes it, so that
 * neither waits for the disk. "used-N" is one whose run has ended; a start makes it clean while it waits for
 * its own sandbox, and names it "spare-N". There are at most SPARES_MAX of each. Each is locked (flock(2)) by
 * the process that works on it.
 */
#pragma once

#include "plan/plan.h"
#include "state/state.h"

#define SPARES_MAX 4

/**
 * spare_take - make a spare the directory of a new run, "run-...", locked. It has empty directories of
 * layers.
 *
 * @state_fd: the state directory; borrowed.
 *
 * Returns 0; -ENOENT: there is none; -errno.
 */
int spare_take(int state_fd, RunDir *ret);

/**
 * spare_give - leave the directory of a run, whose processes have all ended, as a used one, if nothing was
 * written to its layers. The lock stays until @dir is closed.
 *
 * Returns whether it was left; otherwise the caller removes it.
 */
bool spare_give(RunDir *dir, const PlanRoot *root);

/** spare_clean - make a used directory a spare: replace all that is in it by new directories of the same
 * names. Does nothing if there is none, or if it cannot. @state_dir: path of the state directory. */
void spare_clean(const char *state_dir);
