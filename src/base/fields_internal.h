/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and stores single fields, for all readers of records. */
#pragma once

#include "base/fields.h"

/** field_is_in - return whether a record of @version has the field. */
bool field_is_in(const Field *f, unsigned version);

/** field_in_range - check a number; @negative: @n is its two's complement. */
bool field_in_range(const Field *f, bool negative, uint64_t n);

/** field_store - set a number or an enumeration. */
void field_store(const Field *f, void *record, uint64_t n);

/** field_find_name - set an enumeration by name. Returns 0 or -EBADMSG. */
int field_find_name(const Field *f, const char *name, void *record);

/** field_take_text - set a text, or add to a list; takes ownership of @text, also on failure. Returns 0,
 * -EBADMSG or -ENOMEM. */
int field_take_text(const Field *f, char *text, void *record);

/** field_add_row - add an element, all zero, to an array. @ret: owned by the array. Returns 0, -EBADMSG (too
 * many) or -ENOMEM. */
int field_add_row(const Field *f, void *record, void **ret);
