/* SPDX-License-Identifier: Apache-2.0 */
/* Tools that the user installed outside of the system's directories: version managers, virtual environments.
 */
#pragma once

#include "base/error.h"
#include "plan/host.h"
#include "spec/spec.h"

/**
 * tools_add - for Tools=yes: add read-only shares of the directories that the caller's $PATH leads to and
 * whose content is known to be programs, and of what these programs need. No directory that holds credentials
 * is among them.
 *
 * Only what exists, is reached without a symbolic link, is not in a path that the spec shares or hides, and
 * not in the working directory or its repository if these are shown without being written to.
 *
 * @host: after host_probe_project() unless the working directory is hidden. @get_variable: of the caller.
 *
 * Returns 0 or -ENOMEM with @err.
 */
int tools_add(Spec *spec, const Host *host, const char *(*get_variable)(const char *name), Error *err);
