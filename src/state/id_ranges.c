/* SPDX-License-Identifier: Apache-2.0 */
/* Defines how records store the ranges of an id map. */
#include "state/id_ranges.h"

#include "plan/plan.h"

static const Field range_items[] = {
        NUMBER_FIELD(IdRange, inside, "inside", .max = UINT32_MAX),
        NUMBER_FIELD(IdRange, outside, "outside", .max = UINT32_MAX),
        NUMBER_FIELD(IdRange, count, "count", .min = 1, .max = UINT32_MAX),
};

const FieldTable id_range_fields = {
        .size = sizeof(IdRange), .items = range_items, .n = ARRAY_LEN(range_items)};
