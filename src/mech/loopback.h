/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/error.h"

/** loopback_up - bring "lo" up in a new network namespace (netdevice(7), SIOCSIFFLAGS). Returns 0 or -errno
 * with @err. */
int loopback_up(Error *err);
