/* SPDX-License-Identifier: Apache-2.0 */
/* The ranges of an id map in records. */
#pragma once

#include "base/fields.h"

/** The rows of a field with IdRange entries. */
extern const FieldTable id_range_fields;
