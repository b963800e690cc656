/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on the file system as words of fill-spec. */
#pragma once

#include "spec/spec.h"

/**
 * fill_operation - append the operation that a text describes.
 *
 * @text: "KIND,DEST[,MEMBER[=VALUE]]...", by the names of fs_op_kinds.def and of the table in
 * fill-operation.c: "bind,/x,from=/y,ro,propagation=rslave". A value has no comma.
 *
 * Returns 0, -EINVAL if it describes none, or -ENOMEM.
 */
int fill_operation(Spec *spec, const char *text);

/** fill_propagation - the propagation that a name says; of fs_op.h, in lower case. 0 or -EINVAL. */
int fill_propagation(const char *name, FsPropagation *ret);
