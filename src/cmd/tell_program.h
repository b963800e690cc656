/* SPDX-License-Identifier: Apache-2.0 */
/* Notices a program that the sandbox does not find where the caller's shell would. */
#pragma once

#include "plan/plan.h"

/**
 * tell_program - if the command is a name that $PATH finds in a directory that is not visible inside, print a
 * line with that program, the one that is started in its place, and the option that shows it. Also if the
 * command is what only a shell understands: a line, or a variable.
 */
void tell_program(const Plan *plan);

/** tell_git - say that the repository @project around the working directory is read-only, if the command was
 * git and failed as it does when it cannot write. @code: the exit status. */
void tell_git(const Plan *plan, const char *project, int code);
